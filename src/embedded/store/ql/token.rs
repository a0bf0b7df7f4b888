//! The words of InfluxQL: what the lexer finds in a text and the parser reads. Knows no grammar.

use std::borrow::Cow;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token<'q> {
    /// A keyword in upper case, or a symbol, each as it is written in [`KEYWORDS`] and [`SYMBOLS`].
    Fixed(&'static str),
    /// Without its quotes, escapes undone.
    Identifier(Cow<'q, str>),
    /// Between single quotes, escapes undone.
    Text(Cow<'q, str>),
    Integer(Cow<'q, str>),
    /// With a point.
    Number(Cow<'q, str>),
    Duration(Cow<'q, str>),
    Boolean(bool),
    /// `$name` that nothing was given for.
    Parameter(Cow<'q, str>),
    /// `$name` for which something was given that is no value; what is wrong with it.
    BadParameter(String),
    /// A regular expression given as a parameter.
    Pattern(String),
    /// Quotes that are not closed on their line; what was read up to there.
    BadText(Cow<'q, str>),
    /// A backslash before this, inside quotes.
    BadEscape(char),
    Illegal(char),
    End,
}

impl Token<'_> {
    /// As error messages of InfluxDB 1.6.7 name it.
    pub(super) fn name(&self) -> String {
        match self {
            Token::Fixed(word) => (*word).to_owned(),
            Token::Identifier(text)
            | Token::Text(text)
            | Token::Integer(text)
            | Token::Number(text)
            | Token::Duration(text)
            | Token::BadText(text) => text.clone().into_owned(),
            Token::Boolean(value) => value.to_string().to_uppercase(),
            Token::Parameter(name) => format!("${name}"),
            Token::BadParameter(_) => "$".to_owned(),
            Token::Pattern(pattern) => pattern.clone(),
            Token::BadEscape(escaped) => format!("\\{escaped}"),
            Token::Illegal(character) => character.to_string(),
            Token::End => "EOF".to_owned(),
        }
    }
}

/// The keyword that `word` is, in whatever case.
pub(super) fn keyword(word: &str) -> Option<&'static str> {
    KEYWORDS
        .iter()
        .copied()
        .find(|keyword| keyword.eq_ignore_ascii_case(word))
}

/// Words that are identifiers only between double quotes; seen with InfluxDB 1.6.7.
#[rustfmt::skip]
const KEYWORDS: &[&str] = &[
    "ALL", "ALTER", "ANALYZE", "AND", "ANY", "AS", "ASC", "BEGIN", "BY", "CARDINALITY", "CONTINUOUS", "CREATE",
    "DATABASE", "DATABASES", "DEFAULT", "DELETE", "DESC", "DESTINATIONS", "DIAGNOSTICS", "DISTINCT", "DROP",
    "DURATION", "END", "EVERY", "EXACT", "EXPLAIN", "FIELD", "FOR", "FROM", "GRANT", "GRANTS", "GROUP", "GROUPS",
    "IN", "INF", "INSERT", "INTO", "KEY", "KEYS", "KILL", "LIMIT", "MEASUREMENT", "MEASUREMENTS", "NAME", "OFFSET",
    "ON", "OR", "ORDER", "PASSWORD", "POLICIES", "POLICY", "PRIVILEGES", "QUERIES", "QUERY", "READ", "REPLICATION",
    "RESAMPLE", "RETENTION", "REVOKE", "SELECT", "SERIES", "SET", "SHARD", "SHARDS", "SHOW", "SLIMIT", "SOFFSET",
    "STATS", "SUBSCRIPTION", "SUBSCRIPTIONS", "TAG", "TO", "USER", "USERS", "VALUES", "WHERE", "WITH", "WRITE",
];

/// A symbol before any that it begins with.
pub(super) const SYMBOLS: &[&str] = &[
    "=~", "!~", "!=", "<>", "<=", ">=", "::", "=", "<", ">", "+", "-", "*", "/", "%", "&", "|", "^", "(",
    ")", ",", ";", ":", ".",
];
