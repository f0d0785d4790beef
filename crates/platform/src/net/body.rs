//! How much will we read, and how long will we wait for it?
//!
//! Counted are bytes after decompression. Three clocks run: one for silence, one for the whole exchange, and one that only
//! runs while we wait for the other side, by which a slow drip is told from a slow reader.

use std::{pin::Pin, time::Duration};

use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt, stream};
use tokio::time::{self, Instant};

use super::{NetError, host_gate::Pass};

/// A body that arrives piece by piece, within the limits of its request.
pub type BodyStream = Pin<Box<dyn Stream<Item = Result<Bytes, NetError>> + Send>>;

/// Never reserve more than this on the word of the other side.
const MAX_RESERVATION: u64 = 1_024 * 1_024;

/// What the other side may take of our memory and time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Allowance {
    /// In bytes, after decompression.
    pub max_bytes: u64,
    /// The longest silence between two pieces.
    pub idle: Duration,
    /// When the exchange must be over.
    pub deadline: Instant,
    /// The least average speed, in bytes per second, once we have waited [`Self::speed_grace`]; 0 for any speed.
    pub minimum_speed: u64,
    /// How long the other side may be slower than the minimum.
    pub speed_grace: Duration,
}

/// Reads a body piece by piece and holds on to the seat at the server until it is done.
pub(super) struct BodyReader {
    response: reqwest::Response,
    host: String,
    allowance: Allowance,
    received: u64,
    waited: Duration,
    _pass: Pass,
}

impl BodyReader {
    /// # Errors
    /// [`NetError::TooLarge`] if the server announces more than we accept.
    pub(super) fn new(
        response: reqwest::Response,
        host: String,
        allowance: Allowance,
        pass: Pass,
    ) -> Result<Self, NetError> {
        if response.content_length().is_some_and(|announced| announced > allowance.max_bytes) {
            return Err(NetError::TooLarge { limit: allowance.max_bytes });
        }
        Ok(Self { response, host, allowance, received: 0, waited: Duration::ZERO, _pass: pass })
    }

    /// The whole body.
    pub(super) async fn read_all(mut self) -> Result<Bytes, NetError> {
        let announced = self.response.content_length().unwrap_or_default();
        let mut body = BytesMut::with_capacity(announced.min(MAX_RESERVATION) as usize);
        while let Some(piece) = self.next_piece().await? {
            body.extend_from_slice(&piece);
        }
        Ok(body.freeze())
    }

    /// The body as a stream that ends after its first error.
    pub(super) fn into_stream(self) -> BodyStream {
        stream::try_unfold(self, |mut reader| async move {
            let piece = reader.next_piece().await?;
            Ok(piece.map(|piece| (piece, reader)))
        })
        .boxed()
    }

    async fn next_piece(&mut self) -> Result<Option<Bytes>, NetError> {
        let started = Instant::now();
        let give_up = self.allowance.deadline.min(started + self.allowance.idle);
        let piece = time::timeout_at(give_up, self.response.chunk())
            .await
            .map_err(|_| NetError::Timeout(format!("{} stopped sending", self.host)))?
            .map_err(|error| NetError::from_transport(&error, &self.host))?;
        self.waited += started.elapsed();
        if let Some(piece) = &piece {
            self.account_for(piece)?;
        }
        Ok(piece)
    }

    fn account_for(&mut self, piece: &Bytes) -> Result<(), NetError> {
        self.received += piece.len() as u64;
        if self.received > self.allowance.max_bytes {
            return Err(NetError::TooLarge { limit: self.allowance.max_bytes });
        }
        if Instant::now() > self.allowance.deadline {
            return Err(NetError::Timeout(format!("{} did not finish in time", self.host)));
        }
        if self.allowance.is_too_slow(self.received, self.waited) {
            return Err(NetError::Timeout(format!("{} sends too slowly", self.host)));
        }
        Ok(())
    }
}

impl Allowance {
    fn is_too_slow(&self, received: u64, waited: Duration) -> bool {
        let expected = self.minimum_speed as f64 * waited.as_secs_f64();
        waited > self.speed_grace && (received as f64) < expected
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowance() -> Allowance {
        let deadline = Instant::now() + Duration::from_hours(1);
        let (idle, speed_grace) = (Duration::from_secs(15), Duration::from_secs(30));
        Allowance { max_bytes: u64::MAX, idle, deadline, minimum_speed: 1_000, speed_grace }
    }

    #[test]
    fn a_sender_may_be_slow_for_a_while_but_not_for_good() {
        assert!(!allowance().is_too_slow(1, Duration::from_secs(29)));
        assert!(allowance().is_too_slow(1, Duration::from_secs(31)));
        assert!(allowance().is_too_slow(59_000, Duration::from_mins(1)));
        assert!(!allowance().is_too_slow(61_000, Duration::from_mins(1)));
    }

    #[test]
    fn without_a_minimum_any_speed_will_do() {
        let patient = Allowance { minimum_speed: 0, ..allowance() };
        assert!(!patient.is_too_slow(0, Duration::from_hours(10)));
    }
}
