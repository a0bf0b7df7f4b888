//! InfluxQL as data: what a query says, before anything is known of the database it is asked of.

/// One statement of a query.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) enum Statement {
    Select(Select),
    Show(Show),
    CreateDatabase {
        name: String,
    },
    DropDatabase {
        name: String,
    },
    DropMeasurement {
        name: String,
    },
    /// `DELETE`: points. Without sources, of all measurements.
    Delete {
        from: Vec<Measurement>,
        condition: Option<Expression>,
    },
    /// `DROP SERIES`: points and the series themselves.
    DropSeries {
        from: Vec<Measurement>,
        condition: Option<Expression>,
    },
    /// It can be read, and is answered with this reason instead of a result: what this store does not do, and what
    /// InfluxDB finds wrong after parsing.
    Refused {
        reason: String,
    },
}

/// `SHOW …` and what limits it.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) struct Show {
    pub(in super::super) what: Shown,
    /// `ON name`.
    pub(in super::super) database: Option<String>,
    pub(in super::super) from: Vec<Measurement>,
    pub(in super::super) condition: Option<Expression>,
    pub(in super::super) paging: Paging,
}

#[derive(Debug, Clone, PartialEq)]
pub(in super::super) enum Shown {
    Databases,
    RetentionPolicies,
    Users,
    Series,
    FieldKeys,
    TagKeys,
    /// `WITH MEASUREMENT = "m"` or `=~ /m/`, where given.
    Measurements {
        with: Option<Named>,
    },
    TagValues {
        keys: KeyChoice,
    },
    /// `SHOW SERIES [EXACT] CARDINALITY`.
    SeriesCardinality {
        exact: bool,
    },
    /// `SHOW MEASUREMENT [EXACT] CARDINALITY`.
    MeasurementCardinality {
        exact: bool,
    },
}

/// A name, or a regular expression that names must match.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) enum Named {
    Is(String),
    Matches(Pattern),
}

/// `WITH KEY …` of `SHOW TAG VALUES`.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) enum KeyChoice {
    Is(String),
    IsNot(String),
    OneOf(Vec<String>),
    Matches(Pattern),
    MatchesNot(Pattern),
}

/// `LIMIT`, `OFFSET`, `SLIMIT`, `SOFFSET`; 0 where not given, which means no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in super::super) struct Paging {
    pub(in super::super) limit: usize,
    pub(in super::super) offset: usize,
    pub(in super::super) series_limit: usize,
    pub(in super::super) series_offset: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub(in super::super) struct Select {
    pub(in super::super) columns: Vec<Column>,
    pub(in super::super) from: Vec<Source>,
    pub(in super::super) condition: Option<Expression>,
    pub(in super::super) group_by: GroupBy,
    pub(in super::super) fill: Fill,
    /// `ORDER BY time DESC`.
    pub(in super::super) descending: bool,
    pub(in super::super) paging: Paging,
    /// `tz('Europe/Vienna')`.
    pub(in super::super) time_zone: Option<String>,
    /// `INTO m`; a statement with it is [`Statement::Refused`].
    pub(in super::super) into: Option<Measurement>,
}

/// One entry of the select list.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) struct Column {
    pub(in super::super) expression: Expression,
    pub(in super::super) alias: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub(in super::super) enum Source {
    Measurement(Measurement),
    Subquery(Box<Select>),
}

/// `"database"."policy"."name"`; the first two may be left out.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) struct Measurement {
    pub(in super::super) database: Option<String>,
    pub(in super::super) policy: Option<String>,
    pub(in super::super) name: Named,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub(in super::super) struct GroupBy {
    pub(in super::super) time: Option<TimeWindow>,
    pub(in super::super) dimensions: Vec<Dimension>,
}

/// `time(every, offset)`, both in nanoseconds; `time(1m, now())` has the offset `now()` gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct TimeWindow {
    /// Above 0.
    pub(in super::super) every: i64,
    pub(in super::super) offset: i64,
}

#[derive(Debug, Clone, PartialEq)]
pub(in super::super) enum Dimension {
    Tag(String),
    /// `*`
    All,
    Matching(Pattern),
}

#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(in super::super) enum Fill {
    /// `fill(null)`, and what windows without points get where nothing is said.
    #[default]
    Null,
    None,
    Previous,
    Linear,
    Value(f64),
}

/// A regular expression as it was written between slashes, `\/` undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Pattern(pub(in super::super) String);

#[derive(Debug, Clone, PartialEq)]
pub(in super::super) enum Expression {
    /// A field, a tag, or `time`; with what `::` says of it.
    Reference {
        name: String,
        cast: Option<Cast>,
    },
    /// `*`, `*::field`, `*::tag`.
    Wildcard(Option<Cast>),
    /// Fields whose names match; also the right side of `=~` and `!~`.
    Pattern(Pattern),
    /// Name in lower case.
    Call {
        name: String,
        arguments: Vec<Expression>,
    },
    Binary {
        operator: Operator,
        left: Box<Expression>,
        right: Box<Expression>,
    },
    /// Kept, because output columns are named after what is inside.
    Parenthesised(Box<Expression>),
    Number(f64),
    Integer(i64),
    /// In nanoseconds.
    Duration(i64),
    /// Between single quotes.
    Text(String),
    Boolean(bool),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Cast {
    Float,
    Integer,
    Text,
    Boolean,
    Field,
    Tag,
}

/// From the loosest to the tightest: `OR`; `AND`; comparisons; sums, `|`, `^`; products, `&`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Operator {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Matches,
    MatchesNot,
    Add,
    Subtract,
    BitOr,
    BitXor,
    Multiply,
    Divide,
    Modulo,
    BitAnd,
}
