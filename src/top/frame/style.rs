//! Colours, where they are wanted; words say the same without them.

use ratatui::style::{Color, Modifier, Style};

use super::super::table::Tone;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Theme {
    /// False with `NO_COLOR`.
    pub(crate) color: bool,
}

impl Theme {
    fn paint(self, color: Color) -> Style {
        if self.color {
            Style::new().fg(color)
        } else {
            Style::new()
        }
    }

    /// uwsgitop's colours for the states of a worker.
    pub(crate) fn tone(self, tone: Tone) -> Style {
        match tone {
            Tone::Plain => Style::new(),
            Tone::Busy => self.paint(Color::Green),
            Tone::Cheap => self.paint(Color::Magenta),
            Tone::Signal => self.paint(Color::Yellow),
            Tone::Pause => self.paint(Color::Blue),
            Tone::Bad => self.paint(Color::Red).add_modifier(Modifier::BOLD),
            Tone::Faint => self.faint(),
        }
    }

    /// Of what is `part` of `whole`: calm, near its limit, at it.
    pub(crate) fn level(self, part: f64, whole: f64) -> Style {
        match part / whole {
            ..0.7 => self.paint(Color::Green),
            ..0.9 => self.paint(Color::Yellow),
            _ => self.paint(Color::Red).add_modifier(Modifier::BOLD),
        }
    }

    pub(crate) fn chart(self) -> Style {
        self.paint(Color::Cyan)
    }

    pub(crate) fn faint(self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    pub(crate) fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// Titles, the chosen tab, what is being typed.
    pub(crate) fn reversed(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }
}
