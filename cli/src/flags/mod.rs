//! Fields of a request as flags: which there are, how they are called, how their text becomes JSON.

pub mod arg;
pub mod kind;
pub mod secret;
pub mod value;
pub mod walk;

use prost_reflect::FieldDescriptor;

pub use kind::Kind;

use crate::tree::naming::kebab;

/// One field of a request on the command line.
#[derive(Clone, Debug)]
pub struct Flag {
    /// The fields from the request down to this one.
    pub path: Vec<FieldDescriptor>,
    /// The long flag without its dashes. A secret's ends in `-file`.
    pub name: String,
    pub kind: Kind,
    pub many: Many,
    /// The place among the arguments without a flag, from 1.
    pub place: Option<usize>,
    pub required: bool,
    /// Belongs to the resource that an update changes, so that using it puts it into the mask.
    pub masked: bool,
    /// Rarely needed: shown by `--help` and not by `-h`.
    pub minor: bool,
}

/// How often a field can be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Many {
    One,
    List,
    Map,
}

impl Flag {
    /// The field itself.
    pub fn field(&self) -> &FieldDescriptor {
        self.path.last().expect("a flag stands for at least one field")
    }

    /// The path in the request, such as `account.display_name`; also the argument's id for clap.
    pub fn id(&self) -> String {
        dotted(&self.path)
    }

    /// How people see it: `--display-name`, or `<ACCOUNT_ID>`.
    pub fn shown(&self) -> String {
        match self.place {
            Some(_) => format!("<{}>", self.value_name()),
            None => format!("--{}", self.name),
        }
    }

    /// Whether both may be given: members of one oneof may not.
    pub fn excludes(&self, other: &Flag) -> bool {
        for (mine, theirs) in self.path.iter().zip(&other.path) {
            if mine != theirs {
                return mine.containing_oneof().is_some_and(|oneof| theirs.containing_oneof() == Some(oneof));
            }
        }
        false
    }

    /// The outermost oneof it is a member of, for the help: `endpoint`, or `fallback kind` inside another field.
    pub fn choice(&self) -> Option<String> {
        let at = self.path.iter().position(is_choice)?;
        let oneof = self.path[at].containing_oneof()?;
        let owner = at.checked_sub(1).map(|above| &self.path[above]).filter(|owner| self.shows(owner));
        let name = oneof.name().replace('_', " ");
        Some(owner.map_or(name.clone(), |owner| format!("{} {name}", owner.name().replace('_', " "))))
    }

    /// Whether the flag's name has the field in it; a flattened one is left out.
    fn shows(&self, field: &FieldDescriptor) -> bool {
        self.name.split('.').any(|part| part == kebab(field.name()))
    }
}

/// A member of a real oneof; `optional` makes a synthetic one.
pub fn is_choice(field: &FieldDescriptor) -> bool {
    field.containing_oneof().is_some() && !field.field_descriptor_proto().proto3_optional()
}

/// `account.display_name`.
pub fn dotted(path: &[FieldDescriptor]) -> String {
    path.iter().map(FieldDescriptor::name).collect::<Vec<_>>().join(".")
}
