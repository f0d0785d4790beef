//! The pages of accounts and channels: for those who look at them (`show`), and for those whose they are (`edit`).

mod edit;
mod show;

pub use edit::{
    act_on_account, act_on_channel, change_channel, create_channel, edit_account, edit_channel, own_channels,
};
pub use show::{account, account_part, at, channel, channel_part};
