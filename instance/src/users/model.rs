use platform::clock::Timestamp;

/// Identity of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, sqlx::Type)]
#[sqlx(transparent)]
pub struct UserId(pub i64);

/// What a user may do, with PeerTube's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Everything.
    Administrator,
    /// Look after content and users.
    Moderator,
    /// Publish and watch.
    User,
}

impl Role {
    /// PeerTube's number.
    pub fn number(self) -> i64 {
        match self {
            Self::Administrator => 0,
            Self::Moderator => 1,
            Self::User => 2,
        }
    }

    /// Reads the number; unknown ones may do the least.
    pub fn from_number(number: i64) -> Self {
        match number {
            0 => Self::Administrator,
            1 => Self::Moderator,
            _ => Self::User,
        }
    }

    /// PeerTube's label.
    pub fn label(self) -> &'static str {
        match self {
            Self::Administrator => "Administrator",
            Self::Moderator => "Moderator",
            Self::User => "User",
        }
    }
}

/// A user as stored.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct User {
    /// Its row.
    pub id: UserId,
    /// The name to log in with.
    pub username: String,
    /// The other name to log in with.
    pub email: String,
    /// Argon2id, in PHC form.
    pub password_hash: String,
    role: i64,
    /// Whether logging in is refused.
    pub is_blocked: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

impl User {
    /// What it may do.
    pub fn role(&self) -> Role {
        Role::from_number(self.role)
    }
}
