//! Expressions: what is selected, what limits it, what it is grouped by. Gives no meaning to names and calls.

use super::ast::{Cast, Expression, Operator};
use super::cursor::Cursor;
use super::error::ParseError;
use super::token::Token;

/// How far from its root a tree of operators may reach: whoever walks it is as deep on the stack.
const HEIGHT: usize = 200;

const OPERAND: &[&str] = &["identifier", "string", "number", "bool"];
const SIGNED: &[&str] = &["identifier", "number", "duration", "("];

/// An expression and how many steps it is from its root to its farthest leaf.
struct Tree {
    expression: Expression,
    height: usize,
}

impl Tree {
    fn leaf(expression: Expression) -> Self {
        Self {
            expression,
            height: 0,
        }
    }
}

impl Cursor<'_> {
    pub(super) fn expression(&mut self) -> Result<Expression, ParseError> {
        Ok(self.tree(0)?.expression)
    }

    /// An expression without operators around it.
    pub(super) fn single(&mut self) -> Result<Expression, ParseError> {
        Ok(self.operand()?.expression)
    }

    /// The tree of all operators at least as tight as `tightness`.
    fn tree(&mut self, tightness: u8) -> Result<Tree, ParseError> {
        let mut left = self.operand()?;
        while let Some(operator) = operator(self.peek()).filter(|found| tightness <= self::tightness(*found))
        {
            let inside = self::tightness(operator) + 1;
            self.advance();
            left = match operator {
                Operator::Or | Operator::And => self.chain(operator, left)?,
                Operator::Matches | Operator::MatchesNot => {
                    let pattern = self.required_pattern()?;
                    self.join(operator, left, Tree::leaf(Expression::Pattern(pattern)))?
                }
                _ => {
                    let right = self.tree(inside)?;
                    self.join(operator, left, right)?
                }
            };
        }
        Ok(left)
    }

    /// `a OR b OR c …`, as a tree that is not higher than it must be: such chains come with thousands of terms.
    fn chain(&mut self, operator: Operator, first: Tree) -> Result<Tree, ParseError> {
        let mut terms = vec![first, self.tree(tightness(operator) + 1)?];
        while self.peek_is(operator) {
            self.advance();
            terms.push(self.tree(tightness(operator) + 1)?);
        }
        self.balance(operator, terms)
    }

    fn peek_is(&self, wanted: Operator) -> bool {
        operator(self.peek()) == Some(wanted)
    }

    fn balance(&self, operator: Operator, mut terms: Vec<Tree>) -> Result<Tree, ParseError> {
        let right = terms.split_off(terms.len().div_ceil(2));
        let left = match terms.pop() {
            Some(only) if terms.is_empty() => only,
            Some(last) => {
                terms.push(last);
                self.balance(operator, terms)?
            }
            None => return Err(self.unexpected(OPERAND)),
        };
        if right.is_empty() {
            return Ok(left);
        }
        let right = self.balance(operator, right)?;
        self.join(operator, left, right)
    }

    fn join(&self, operator: Operator, left: Tree, right: Tree) -> Result<Tree, ParseError> {
        let height = left.height.max(right.height) + 1;
        if height > HEIGHT {
            return Err(ParseError::TooHigh {
                limit: HEIGHT,
                at: self.position(),
            });
        }
        let (left, right) = (Box::new(left.expression), Box::new(right.expression));
        Ok(Tree {
            expression: Expression::Binary {
                operator,
                left,
                right,
            },
            height,
        })
    }

    fn operand(&mut self) -> Result<Tree, ParseError> {
        match self.peek() {
            Token::Fixed("(") => self.parenthesised(),
            Token::Fixed("-") => self.signed(true),
            Token::Fixed("+") => self.signed(false),
            Token::Fixed("DISTINCT") => self.distinct(),
            Token::Fixed("*") => Ok(Tree::leaf(self.wildcard()?)),
            Token::Identifier(_) => self.named(),
            Token::Pattern(_) => Ok(Tree::leaf(Expression::Pattern(self.required_pattern()?))),
            _ => Ok(Tree::leaf(self.literal(false)?)),
        }
    }

    fn parenthesised(&mut self) -> Result<Tree, ParseError> {
        self.advance();
        let inner = self.inside(|cursor| cursor.tree(0))?;
        self.expect(")", &[")"])?;
        let height = inner.height + 1;
        Ok(Tree {
            expression: Expression::Parenthesised(Box::new(inner.expression)),
            height,
        })
    }

    /// What follows a sign. A minus before anything but a literal is a product with -1, as InfluxDB has it.
    fn signed(&mut self, minus: bool) -> Result<Tree, ParseError> {
        self.advance();
        let operand = match self.peek() {
            Token::Integer(_) | Token::Number(_) | Token::Duration(_) => {
                return Ok(Tree::leaf(self.literal(minus)?));
            }
            Token::Identifier(_) => self.named()?,
            Token::Fixed("(") => self.parenthesised()?,
            _ => return Err(self.unexpected(SIGNED)),
        };
        if !minus {
            return Ok(operand);
        }
        self.join(Operator::Multiply, Tree::leaf(Expression::Integer(-1)), operand)
    }

    /// `DISTINCT v` and `distinct(v)` are the same call.
    fn distinct(&mut self) -> Result<Tree, ParseError> {
        self.advance();
        if self.touches() {
            if *self.peek() == Token::Fixed("(") {
                return self.call("distinct".to_owned());
            }
            return Err(self.unexpected(&["(", "identifier"]));
        }
        let name = self.identifier()?;
        let value = Expression::Reference { name, cast: None };
        Ok(Tree::leaf(Expression::Call {
            name: "distinct".to_owned(),
            arguments: vec![value],
        }))
    }

    fn wildcard(&mut self) -> Result<Expression, ParseError> {
        self.advance();
        if !(self.touches() && self.take("::")) {
            return Ok(Expression::Wildcard(None));
        }
        let cast = match self.peek() {
            Token::Fixed("FIELD") if self.touches() => Cast::Field,
            Token::Fixed("TAG") if self.touches() => Cast::Tag,
            _ => return Err(self.unexpected_gap(&["field", "tag"])),
        };
        self.advance();
        Ok(Expression::Wildcard(Some(cast)))
    }

    fn named(&mut self) -> Result<Tree, ParseError> {
        let name = self.identifier()?;
        if *self.peek() == Token::Fixed("(") && self.touches() {
            return self.call(name.to_lowercase());
        }
        let name = self.segments(name)?.join(".");
        let cast = self.cast()?;
        Ok(Tree::leaf(Expression::Reference { name, cast }))
    }

    fn call(&mut self, name: String) -> Result<Tree, ParseError> {
        self.advance();
        let arguments = self.inside(Self::arguments)?;
        let height = arguments
            .iter()
            .map(|argument| argument.height + 1)
            .max()
            .unwrap_or(0);
        let arguments = arguments
            .into_iter()
            .map(|argument| argument.expression)
            .collect();
        Ok(Tree {
            expression: Expression::Call { name, arguments },
            height,
        })
    }

    fn arguments(&mut self) -> Result<Vec<Tree>, ParseError> {
        if self.take(")") {
            return Ok(Vec::new());
        }
        let arguments = self.list(|cursor| match cursor.pattern()? {
            Some(pattern) => Ok(Tree::leaf(Expression::Pattern(pattern))),
            None => cursor.tree(0),
        })?;
        self.expect(")", &[")"])?;
        Ok(arguments)
    }
}

/// What binds tighter has the larger number.
fn tightness(operator: Operator) -> u8 {
    use Operator::{
        Add, And, BitAnd, BitOr, BitXor, Divide, Equal, Greater, GreaterOrEqual, Less, LessOrEqual, Matches,
        MatchesNot, Modulo, Multiply, NotEqual, Or, Subtract,
    };
    match operator {
        Or => 0,
        And => 1,
        Equal | NotEqual | Less | LessOrEqual | Greater | GreaterOrEqual | Matches | MatchesNot => 2,
        Add | Subtract | BitOr | BitXor => 3,
        Multiply | Divide | Modulo | BitAnd => 4,
    }
}

fn operator(token: &Token<'_>) -> Option<Operator> {
    let Token::Fixed(word) = token else { return None };
    SPELLED
        .iter()
        .find(|(spelling, _)| spelling == word)
        .map(|(_, operator)| *operator)
}

/// As a query writes it.
pub(in super::super) fn spelling(operator: Operator) -> &'static str {
    SPELLED
        .iter()
        .find(|(_, other)| *other == operator)
        .map_or("", |(spelling, _)| spelling)
}

const SPELLED: &[(&str, Operator)] = &[
    ("OR", Operator::Or),
    ("AND", Operator::And),
    ("=", Operator::Equal),
    ("!=", Operator::NotEqual),
    ("<", Operator::Less),
    ("<=", Operator::LessOrEqual),
    (">", Operator::Greater),
    (">=", Operator::GreaterOrEqual),
    ("=~", Operator::Matches),
    ("!~", Operator::MatchesNot),
    ("+", Operator::Add),
    ("-", Operator::Subtract),
    ("|", Operator::BitOr),
    ("^", Operator::BitXor),
    ("*", Operator::Multiply),
    ("/", Operator::Divide),
    ("%", Operator::Modulo),
    ("&", Operator::BitAnd),
];
