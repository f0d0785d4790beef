//! Who is in this swarm, and who owes an answer to whom?

use std::{collections::HashMap, time::SystemTime};

use super::{
    Limits, OfferId, PeerId,
    message::{Answer, Counts, Offer},
    random::Random,
    websocket::SocketId,
};

/// The viewers of one stream.
#[derive(Debug, Default)]
pub(super) struct Swarm {
    /// One entry per socket. A thousand at most, so that a scan costs a microsecond.
    members: Vec<Member>,
    /// Offers on their way, by who made them.
    offers: HashMap<(PeerId, OfferId), Pending>,
    downloaded: u64,
}

#[derive(Debug)]
struct Member {
    socket: SocketId,
    peer_id: PeerId,
    is_complete: bool,
    last_seen: SystemTime,
}

#[derive(Debug)]
struct Pending {
    from: SocketId,
    to: SocketId,
    since: SystemTime,
}

/// Somebody who had to leave: `socket` is no longer in the swarm.
pub(super) struct Left {
    pub(super) socket: SocketId,
}

impl Swarm {
    /// Takes a peer in, or notes that it is still there. Another socket that claimed the same peer id, and the
    /// longest silent peer of a full swarm, leave.
    pub(super) fn join(
        &mut self,
        now: SystemTime,
        socket: SocketId,
        peer_id: PeerId,
        is_complete: bool,
        limits: &Limits,
    ) -> Vec<Left> {
        let mut left: Vec<Left> = self
            .members
            .extract_if(.., |member| member.peer_id == peer_id && member.socket != socket)
            .map(|member| Left { socket: member.socket })
            .collect();
        if let Some(member) = self.members.iter_mut().find(|member| member.socket == socket) {
            member.is_complete |= is_complete;
            member.peer_id = peer_id;
            member.last_seen = now;
        } else {
            if self.members.len() >= limits.peers_per_swarm {
                left.extend(self.evict_most_silent());
            }
            self.members.push(Member { socket, peer_id, is_complete, last_seen: now });
        }
        left
    }

    pub(super) fn count_download(&mut self) {
        self.downloaded = self.downloaded.saturating_add(1);
    }

    pub(super) fn leave(&mut self, socket: SocketId) {
        self.members.retain(|member| member.socket != socket);
        self.offers.retain(|_, pending| pending.from != socket && pending.to != socket);
    }

    /// Hands each offer to another random member; offers beyond their number go nowhere.
    pub(super) fn introduce<'a>(
        &mut self,
        now: SystemTime,
        offerer: (SocketId, PeerId),
        offers: &'a [Offer],
        random: &mut Random,
    ) -> Vec<(SocketId, &'a Offer)> {
        let (from, peer_id) = offerer;
        let others: Vec<SocketId> =
            self.members.iter().map(|member| member.socket).filter(|socket| *socket != from).collect();
        let picked = random.distinct_below(others.len(), offers.len());
        let recipients = picked.into_iter().filter_map(|index| others.get(index).copied());
        recipients
            .zip(offers)
            .inspect(|(to, offer)| {
                self.offers.insert((peer_id, offer.id), Pending { from, to: *to, since: now });
            })
            .collect()
    }

    /// Who shall get this answer; `None` if the sender was never handed that offer, answered already, or is late.
    pub(super) fn claim(
        &mut self,
        now: SystemTime,
        socket: SocketId,
        answer: &Answer,
        limits: &Limits,
    ) -> Option<SocketId> {
        let key = (answer.to_peer_id, answer.offer_id);
        let is_due = self
            .offers
            .get(&key)
            .is_some_and(|pending| pending.to == socket && pending.since + limits.offer_lifetime > now);
        is_due.then(|| self.offers.remove(&key)).flatten().map(|pending| pending.from)
    }

    /// Drops silent peers and stale offers.
    pub(super) fn expire(&mut self, now: SystemTime, limits: &Limits) -> Vec<Left> {
        self.offers.retain(|_, pending| pending.since + limits.offer_lifetime > now);
        self.members
            .extract_if(.., |member| member.last_seen + limits.peer_lifetime <= now)
            .map(|member| Left { socket: member.socket })
            .collect()
    }

    pub(super) fn counts(&self) -> Counts {
        let complete = self.members.iter().filter(|member| member.is_complete).count();
        Counts { complete, incomplete: self.members.len() - complete, downloaded: self.downloaded }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    fn evict_most_silent(&mut self) -> Option<Left> {
        let (index, _) = self.members.iter().enumerate().min_by_key(|(_, member)| member.last_seen)?;
        Some(Left { socket: self.members.swap_remove(index).socket })
    }
}
