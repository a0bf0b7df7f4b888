//! Why a SELECT is not answered. Where InfluxDB 1.6.7 says it, it is said in its words.

use jiff::Timestamp;

use crate::embedded::store::column::ReadError;
use crate::embedded::store::ql::PatternError;

#[derive(Debug, thiserror::Error)]
pub(in crate::embedded::store) enum SelectError {
    #[error("undefined function {0}()")]
    UndefinedFunction(String),
    #[error("{0}() is not supported by this store")]
    UnsupportedFunction(String),
    #[error("{0} is not supported by this store")]
    Unsupported(&'static str),
    #[error("invalid number of arguments for {name}, expected {expected}, got {got}")]
    ArgumentCount {
        name: String,
        expected: String,
        got: usize,
    },
    #[error("{0}")]
    Argument(String),
    #[error("{0}")]
    Rule(&'static str),
    #[error("{name} aggregate requires a GROUP BY interval")]
    NeedsInterval { name: String },
    #[error("aggregate function required inside the call to {name}")]
    NeedsAggregate { name: String },
    #[error("expected field argument in {name}()")]
    NeedsField { name: String },
    #[error("unsupported expression with wildcard: {name}()")]
    WildcardInCall { name: String },
    #[error("unsupported expression with regex field: {name}()")]
    PatternInCall { name: String },
    #[error("unable to use tag wildcard in {name}()")]
    TagWildcard { name: String },
    #[error("selector function {name}() cannot be combined with other functions")]
    Combined { name: String },
    #[error("fill({0}) must be used with a function")]
    FillWithoutFunction(&'static str),
    #[error("invalid function call in condition: {0}")]
    CallInCondition(String),
    #[error("invalid condition expression: {0}")]
    Condition(String),
    #[error("invalid operation: time and {0} are not compatible")]
    TimeComparison(&'static str),
    #[error("invalid time comparison operator: {0}")]
    TimeOperator(&'static str),
    #[error("invalid timestamp string")]
    TimeText,
    #[error("time {0} overflows time literal")]
    TimeTooLate(Timestamp),
    #[error("time {0} underflows time literal")]
    TimeTooEarly(Timestamp),
    #[error("type error: {expression}: incompatible types: {left} and {right}")]
    Types {
        expression: String,
        left: &'static str,
        right: &'static str,
    },
    #[error("unsupported {name} iterator type: *query.{kind}InterruptIterator")]
    Kind { name: &'static str, kind: &'static str },
    #[error(transparent)]
    Pattern(#[from] PatternError),
    #[error("unable to find time zone {name}")]
    TimeZone { name: String, source: jiff::Error },
    #[error(
        "max-select-buckets limit exceeded: ({asked}/{most}); group by longer intervals or ask for less time"
    )]
    TooManyWindows { asked: u64, most: usize },
    #[error("max-select-series limit exceeded: ({asked}/{most}); narrow the query by tags")]
    TooManySeries { asked: usize, most: usize },
    #[error("more than {most} rows; narrow the time range, group by time or use LIMIT")]
    TooManyRows { most: usize },
    #[error("query needs more than {most} bytes of memory; narrow its time range or its tags")]
    TooMuchMemory { most: usize },
    #[error("query timeout reached; narrow its time range or its tags")]
    Late,
    #[error("query interrupted")]
    Cancelled,
    #[error(transparent)]
    Read(#[from] ReadError),
}
