//! `SHOW …` and its clauses. Answers nothing.

use super::ast::{Expression, KeyChoice, Measurement, Named, Paging, Show, Shown, Statement};
use super::cursor::Cursor;
use super::error::ParseError;
use super::token::Token;

impl Cursor<'_> {
    /// What follows `SHOW`.
    pub(super) fn show(&mut self) -> Result<Statement, ParseError> {
        let show = match self.one_of(SHOWN)? {
            "DATABASES" => plain(Shown::Databases),
            "USERS" => plain(Shown::Users),
            "MEASUREMENTS" => self.measurements()?,
            "MEASUREMENT" => self.measurement_cardinality()?,
            "SERIES" => self.series()?,
            "RETENTION" => {
                self.expect("POLICIES", &["POLICIES"])?;
                Show {
                    database: self.on()?,
                    ..plain(Shown::RetentionPolicies)
                }
            }
            "TAG" => return self.tag(),
            "FIELD" => return self.field(),
            "CONTINUOUS" => return self.unsupported("SHOW", &["QUERIES"]),
            "SHARD" => return self.unsupported("SHOW", &["GROUPS"]),
            word => return Ok(self.refused(&format!("SHOW {word}"))),
        };
        Ok(Statement::Show(show))
    }

    fn measurements(&mut self) -> Result<Show, ParseError> {
        let database = self.on()?;
        let with = if self.take("WITH") {
            Some(self.with_measurement()?)
        } else {
            None
        };
        self.limited(Shown::Measurements { with }, database, Vec::new())
    }

    /// InfluxDB 1.6.7 takes a name after `=~` and a regular expression after `=` as well.
    fn with_measurement(&mut self) -> Result<Named, ParseError> {
        self.expect("MEASUREMENT", &["MEASUREMENT"])?;
        self.one_of(&["=", "=~"])?;
        Ok(self.measurement()?.name)
    }

    fn measurement_cardinality(&mut self) -> Result<Show, ParseError> {
        let exact = self.one_of(&["EXACT", "CARDINALITY"])? == "EXACT";
        if exact {
            self.expect("CARDINALITY", &["CARDINALITY"])?;
        }
        self.cardinality(Shown::MeasurementCardinality { exact })
    }

    /// InfluxDB 1.6.7 reads `SHOW SERIES EXACT` as if `CARDINALITY` followed.
    fn series(&mut self) -> Result<Show, ParseError> {
        let exact = self.take("EXACT");
        if self.take("CARDINALITY") || exact {
            return self.cardinality(Shown::SeriesCardinality { exact });
        }
        let database = self.on()?;
        let from = self.from()?;
        self.limited(Shown::Series, database, from)
    }

    fn cardinality(&mut self, what: Shown) -> Result<Show, ParseError> {
        let database = self.on()?;
        let from = self.from()?;
        let condition = self.condition()?;
        if *self.peek() == Token::Fixed("GROUP") {
            self.group_by()?;
            self.refuse("GROUP BY of SHOW … CARDINALITY is not supported by this store; limit it with WHERE");
        }
        Ok(Show {
            what,
            database,
            from,
            condition,
            paging: self.paging()?,
        })
    }

    fn tag(&mut self) -> Result<Statement, ParseError> {
        match self.one_of(&["KEY", "KEYS", "VALUES"])? {
            "KEY" => Ok(self.refused("SHOW TAG KEY CARDINALITY")),
            "KEYS" => self.tag_keys().map(Statement::Show),
            _ if matches!(self.peek(), Token::Fixed("EXACT" | "CARDINALITY")) => {
                Ok(self.refused("SHOW TAG VALUES CARDINALITY"))
            }
            _ => self.tag_values().map(Statement::Show),
        }
    }

    fn tag_keys(&mut self) -> Result<Show, ParseError> {
        let database = self.on()?;
        let from = self.from()?;
        let mut show = self.limited(Shown::TagKeys, database, from)?;
        show.paging.series_limit = self.limit("SLIMIT")?;
        show.paging.series_offset = self.limit("SOFFSET")?;
        Ok(show)
    }

    fn tag_values(&mut self) -> Result<Show, ParseError> {
        let database = self.on()?;
        let from = self.from()?;
        self.expect("WITH", &["WITH"])?;
        self.expect("KEY", &["KEY"])?;
        let keys = self.key_choice()?;
        self.limited(Shown::TagValues { keys }, database, from)
    }

    fn key_choice(&mut self) -> Result<KeyChoice, ParseError> {
        let Token::Fixed(word @ ("IN" | "=" | "!=" | "=~" | "!~")) = *self.peek() else {
            return Err(self.unexpected(&["IN", "=", "=~"]));
        };
        self.advance();
        Ok(match word {
            "=" => KeyChoice::Is(self.identifier()?),
            "!=" => KeyChoice::IsNot(self.identifier()?),
            "=~" => KeyChoice::Matches(self.required_pattern()?),
            "!~" => KeyChoice::MatchesNot(self.required_pattern()?),
            _ => {
                self.expect("(", &["("])?;
                let keys = self.list(Self::identifier)?;
                self.expect(")", &[")"])?;
                KeyChoice::OneOf(keys)
            }
        })
    }

    fn field(&mut self) -> Result<Statement, ParseError> {
        if self.one_of(&["KEY", "KEYS"])? == "KEY" {
            return Ok(self.refused("SHOW FIELD KEY CARDINALITY"));
        }
        let database = self.on()?;
        let from = self.from()?;
        self.order()?;
        Ok(Statement::Show(Show {
            database,
            from,
            paging: self.paging()?,
            ..plain(Shown::FieldKeys)
        }))
    }

    fn limited(
        &mut self,
        what: Shown,
        database: Option<String>,
        from: Vec<Measurement>,
    ) -> Result<Show, ParseError> {
        let condition: Option<Expression> = self.condition()?;
        self.order()?;
        Ok(Show {
            what,
            database,
            from,
            condition,
            paging: self.paging()?,
        })
    }

    fn paging(&mut self) -> Result<Paging, ParseError> {
        Ok(Paging {
            limit: self.limit("LIMIT")?,
            offset: self.limit("OFFSET")?,
            ..Paging::default()
        })
    }

    fn on(&mut self) -> Result<Option<String>, ParseError> {
        if self.take("ON") {
            self.identifier().map(Some)
        } else {
            Ok(None)
        }
    }
}

fn plain(what: Shown) -> Show {
    Show {
        what,
        database: None,
        from: Vec::new(),
        condition: None,
        paging: Paging::default(),
    }
}

#[rustfmt::skip]
const SHOWN: &[&str] = &[
    "CONTINUOUS", "DATABASES", "DIAGNOSTICS", "FIELD", "GRANTS", "MEASUREMENT", "MEASUREMENTS", "QUERIES",
    "RETENTION", "SERIES", "SHARD", "SHARDS", "STATS", "SUBSCRIPTIONS", "TAG", "USERS",
];
