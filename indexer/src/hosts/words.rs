//! What went wrong with another server, for people who look after one.

use http::StatusCode;
use platform::net::NetError;

/// A sentence without its full stop that says what happened, and where to look.
pub fn explain(error: &NetError) -> String {
    match error {
        NetError::Unresolvable(host) => {
            format!("the name {host} leads nowhere: it has no address, or its name servers do not answer")
        }
        NetError::Connect { host, reason } => format!("{host} does not accept connections: {reason}"),
        NetError::Timeout(_) => "the server did not answer in time".to_owned(),
        NetError::Interrupted { host, .. } => format!("{host} broke off in the middle of its answer"),
        NetError::TooLarge { .. } => "the answer is much larger than it should be".to_owned(),
        NetError::Undecodable { host, .. } => format!("{host} answered with something else than what was asked for"),
        NetError::Status { host, status, .. } => of_status(host, *status),
        NetError::Forbidden(_) => "its address is not one of the public internet".to_owned(),
        NetError::BadRedirect(reason) => format!("the server sends us elsewhere: {reason}"),
        NetError::InvalidUrl(_) | NetError::InvalidRequest(_) | NetError::Signing(_) | NetError::Setup(_) => {
            error.to_string()
        }
    }
}

fn of_status(host: &str, status: StatusCode) -> String {
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            format!("{host} does not let us in ({status}); is a firewall or a log-in before it?")
        }
        StatusCode::NOT_FOUND | StatusCode::GONE => {
            format!("{host} has nothing at that address ({status}); is it still a video server?")
        }
        StatusCode::TOO_MANY_REQUESTS => format!("{host} wants to be asked less often ({status})"),
        status if status.is_server_error() => format!("{host} has trouble of its own ({status})"),
        status => format!("{host} answered {status}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_says_whose_trouble_it_is() {
        let status = |code| {
            let status = StatusCode::from_u16(code).unwrap();
            explain(&NetError::Status { host: "tube.example".into(), status, retry_after: None })
        };
        assert!(status(502).contains("trouble of its own (502"));
        assert!(status(403).contains("firewall"));
        assert!(status(404).contains("still a video server"));
        assert!(status(429).contains("less often"));
        assert!(
            explain(&NetError::Unresolvable("tube.example".into())).starts_with("the name tube.example leads nowhere")
        );
    }
}
