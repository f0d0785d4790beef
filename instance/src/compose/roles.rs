use std::{collections::BTreeSet, fmt, str::FromStr};

/// What a process can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RoleName {
    /// A video server.
    Instance,
    /// An index over many servers.
    Indexer,
    /// A keeper of copies.
    Redundancy,
    /// A search site.
    SearchUi,
}

impl RoleName {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Instance, Self::Indexer, Self::Redundancy, Self::SearchUi];

    /// As the configuration spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Instance => "instance",
            Self::Indexer => "indexer",
            Self::Redundancy => "redundancy",
            Self::SearchUi => "search-ui",
        }
    }
}

impl fmt::Display for RoleName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for RoleName {
    type Err = RoleError;

    fn from_str(text: &str) -> Result<Self, RoleError> {
        let known = Self::ALL.into_iter().find(|role| role.as_str() == text);
        known.ok_or_else(|| RoleError::Unknown(text.to_owned()))
    }
}

/// Why a list of roles makes no process.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum RoleError {
    /// There is no such role.
    #[error("there is no role {0:?}: the roles are {known}", known = known_names())]
    Unknown(String),
    /// The list is empty.
    #[error("a server needs at least one role: {known}", known = known_names())]
    None,
    /// A role that cannot do without another one.
    #[error("the role {role} needs the role {needs} in the same process")]
    Alone {
        /// The role.
        role: RoleName,
        /// What it needs.
        needs: RoleName,
    },
}

fn known_names() -> String {
    RoleName::ALL.map(RoleName::as_str).join(", ")
}

/// The roles of a process, of which none lacks another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roles(BTreeSet<RoleName>);

impl Roles {
    /// Reads the names, in any order; naming one twice is naming it once.
    ///
    /// # Errors
    /// [`RoleError`] if a name is unknown, or a role lacks what it needs.
    pub fn parse<S: AsRef<str>>(names: &[S]) -> Result<Self, RoleError> {
        let roles: BTreeSet<RoleName> =
            names.iter().map(|name| name.as_ref().trim().parse()).collect::<Result<_, RoleError>>()?;
        if roles.is_empty() {
            return Err(RoleError::None);
        }
        // A mirror asks its instance what to copy and tells others through it; the site asks the index beside it.
        let needs = [(RoleName::Redundancy, RoleName::Instance), (RoleName::SearchUi, RoleName::Indexer)];
        for (role, needs) in needs {
            if roles.contains(&role) && !roles.contains(&needs) {
                return Err(RoleError::Alone { role, needs });
            }
        }
        Ok(Self(roles))
    }

    /// Whether the process plays the role.
    pub fn has(&self, role: RoleName) -> bool {
        self.0.contains(&role)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_unknown_role_is_told_the_known_ones() {
        let error = Roles::parse(&["instance", "indxer"]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "there is no role \"indxer\": the roles are instance, indexer, redundancy, search-ui"
        );
    }

    #[test]
    fn a_role_without_what_it_needs_is_refused() {
        let alone = |role, needs| Err(RoleError::Alone { role, needs });
        assert_eq!(Roles::parse(&["redundancy"]), alone(RoleName::Redundancy, RoleName::Instance));
        assert_eq!(Roles::parse(&["instance", "search-ui"]), alone(RoleName::SearchUi, RoleName::Indexer));
        assert_eq!(Roles::parse::<&str>(&[]), Err(RoleError::None));
    }

    #[test]
    fn roles_may_stand_alone_or_together() {
        for names in [&["instance"][..], &["indexer"], &["search-ui", " indexer"], &["instance", "redundancy"]] {
            let roles = Roles::parse(names).unwrap();
            assert!(RoleName::ALL.iter().filter(|role| roles.has(**role)).count() == names.len());
        }
    }

    proptest! {
        #[test]
        fn a_name_is_a_role_or_an_error_that_quotes_it(name in ".{0,20}") {
            match name.parse::<RoleName>() {
                Ok(role) => prop_assert_eq!(role.as_str(), name),
                Err(error) => prop_assert_eq!(error, RoleError::Unknown(name)),
            }
        }
    }
}
