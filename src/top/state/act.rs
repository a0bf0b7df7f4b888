//! What keys do to the state.

use super::super::filter::Filter;
use super::super::keys::{Action, Step};
use super::super::table::Sort;
use super::{Effect, FAST, State, View};

impl State {
    pub(super) fn act(&mut self, action: Action) -> Option<Effect> {
        match action {
            Action::Quit => return Some(Effect::Quit),
            Action::Suspend => return Some(Effect::Suspend),
            Action::Seek(seconds) => return self.film.map(|_| Effect::Seek(seconds)),
            Action::Faster | Action::Slower => self.change_speed(action),
            Action::Fast if self.film.is_some() => {}
            Action::Fast => {
                self.fast = !self.fast;
                let every = if self.fast {
                    FAST.min(self.interval)
                } else {
                    self.interval
                };
                return Some(Effect::Every(every));
            }
            Action::Pause => self.pause(),
            Action::Cores => {
                self.cores = self.cores.next();
                self.show(View::Chief);
            }
            Action::Show(view) => self.show(view),
            Action::Help => self.help = !self.help,
            Action::Server(step) => self.select(step),
            Action::SortBy(step) => self.sort_by(step),
            Action::Reverse => {
                if let Some(sort) = self.sorts.get_mut(&self.kind()) {
                    sort.descending = !sort.descending;
                }
            }
            Action::Scroll(step) => self.scroll_by(step),
            Action::Columns(step) => {
                let last = self.table().columns.len().saturating_sub(2);
                self.columns_skipped = stepped(self.columns_skipped, last, step);
            }
            Action::Filter => self.typing = Some(String::new()),
            Action::Type(_) | Action::Erase | Action::Accept => self.typed(action),
            Action::Escape => self.escape(),
        }
        None
    }

    /// A film stops; of what happens now the picture does.
    fn pause(&mut self) {
        if let Some(film) = &mut self.film {
            film.stopped = !film.stopped;
            return;
        }
        self.frozen = match self.frozen {
            Some(_) => None,
            None => Some((self.servers.clone(), self.now_us)),
        };
    }

    fn change_speed(&mut self, action: Action) {
        const SPEEDS: std::ops::RangeInclusive<f64> = 0.125..=256.0;
        let factor = if action == Action::Faster { 2.0 } else { 0.5 };
        if let Some(film) = &mut self.film {
            film.speed = (film.speed * factor).clamp(*SPEEDS.start(), *SPEEDS.end());
        }
    }

    /// Every view begins at its top.
    fn show(&mut self, view: View) {
        self.view = view;
        self.scroll = 0;
        self.columns_skipped = 0;
    }

    fn select(&mut self, step: Step) {
        let count = self.servers.len();
        let places = if count > 1 { count + 1 } else { 1 };
        // Place 0 is all of them, where there are several.
        let place = self.selected.map_or(0, |index| index + 1);
        let place = match step {
            Step::To(place) if place <= count => place,
            Step::To(_) => return,
            Step::Forward => (place + 1) % places,
            _ => (place + places - 1) % places,
        };
        if count > 1 {
            self.selected = place.checked_sub(1);
            self.scroll = 0;
        }
    }

    fn sort_by(&mut self, step: Step) {
        let columns = self.table().columns.len();
        let Some(last) = columns.checked_sub(1) else {
            return;
        };
        let kind = self.kind();
        match self.sorts.get_mut(&kind) {
            Some(sort) => sort.column = stepped(sort.column, last, step),
            None => {
                let descending = false;
                self.sorts.insert(
                    kind,
                    Sort {
                        column: 0,
                        descending,
                    },
                );
            }
        }
    }

    fn scroll_by(&mut self, step: Step) {
        let (lines, page) = self.drawn;
        let last = lines.saturating_sub(page);
        let by_page = page.saturating_sub(1).max(1);
        self.scroll = match step {
            Step::PageForward => (self.scroll + by_page).min(last),
            Step::PageBack => self.scroll.saturating_sub(by_page),
            _ => stepped(self.scroll, last, step),
        };
    }

    fn typed(&mut self, action: Action) {
        let Some(text) = &mut self.typing else { return };
        match action {
            Action::Type(c) => text.push(c),
            Action::Erase => drop(text.pop()),
            _ => {
                self.filter = Filter::parse(text);
                self.typing = None;
            }
        }
        self.scroll = 0;
    }

    /// Leaves what was entered last.
    fn escape(&mut self) {
        if self.typing.take().is_some() {
        } else if self.help {
            self.help = false;
        } else if !self.filter.is_empty() {
            self.filter = Filter::default();
        } else {
            self.show(View::Chief);
        }
    }
}

/// A place between 0 and `last`, one step or all the way on.
fn stepped(place: usize, last: usize, step: Step) -> usize {
    let place = match step {
        Step::Forward | Step::PageForward => place.saturating_add(1),
        Step::Back | Step::PageBack => place.saturating_sub(1),
        Step::First => 0,
        Step::Last => last,
        Step::To(place) => place,
    };
    place.min(last)
}
