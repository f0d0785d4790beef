use super::{BadParameter, DEFAULT_COUNT, Parameters};
use crate::{
    collections::{CollectionQuery, CollectionSort},
    query::{MAX_COUNT, MAX_START},
};

impl Parameters {
    /// Reads a search for channels.
    ///
    /// # Errors
    /// [`BadParameter`] names the first parameter that makes no sense.
    pub fn channel_query(&self) -> Result<CollectionQuery, BadParameter> {
        let identities = self.handles()?;
        Ok(CollectionQuery { identities, ..self.collection_query()? })
    }

    /// Reads a search for playlists.
    ///
    /// # Errors
    /// [`BadParameter`] names the first parameter that makes no sense.
    pub fn playlist_query(&self) -> Result<CollectionQuery, BadParameter> {
        let identities = self.uuids()?.map(|uuids| uuids.iter().map(ToString::to_string).collect());
        Ok(CollectionQuery { identities, ..self.collection_query()? })
    }

    fn collection_query(&self) -> Result<CollectionQuery, BadParameter> {
        let unknown_sort = BadParameter::new("sort", "does not name a sort order");
        Ok(CollectionQuery {
            search: self.text("search")?.map(str::to_owned),
            start: self.number("start", MAX_START)?.unwrap_or_default(),
            count: self.number("count", MAX_COUNT)?.unwrap_or(DEFAULT_COUNT),
            sort: self
                .text("sort")?
                .map_or(Ok(CollectionSort::Match), |text| CollectionSort::parse(text).ok_or(unknown_sort))?,
            identities: None,
            host: self.text("host")?.map(str::to_owned),
            blocked_hosts: self.list("blockedHosts")?,
            blocked_accounts: self.list("blockedAccounts")?,
        })
    }

    /// `name@host`, or a bare `name` at the instance that asks. One that names nothing matches nothing, but does not spoil
    /// the others.
    fn handles(&self) -> Result<Option<Vec<String>>, BadParameter> {
        let from_host = self.text("fromHost")?;
        let handles = self.list("handles")?;
        let complete = |handle: &String| match handle.trim_start_matches('@') {
            bare if !bare.contains('@') => from_host.map(|host| format!("{bare}@{host}").to_lowercase()),
            whole => Some(whole.to_lowercase()),
        };
        Ok((!handles.is_empty()).then(|| handles.iter().filter_map(complete).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channels(text: &str) -> CollectionQuery {
        Parameters::from_query(text).channel_query().unwrap()
    }

    #[test]
    fn without_parameters_everything_is_asked_for_twenty_at_a_time() {
        let all = CollectionQuery { count: 20, ..CollectionQuery::default() };
        assert_eq!(channels(""), all);
        assert_eq!(channels("search=&sort=-match&searchTarget=search-index&isLocal=x"), all);
        assert_eq!(Parameters::from_query("handles=x").playlist_query().unwrap(), all, "playlists have no handles");
    }

    #[test]
    fn handles_are_completed_with_the_host_that_asks() {
        let query = channels("handles[]=Films@Tube.example&handles[]=@news&fromHost=Alpha.example");
        assert_eq!(query.identities.unwrap(), ["films@tube.example", "news@alpha.example"]);
        assert_eq!(channels("handles=news").identities, Some(vec![]));
        assert_eq!(channels("handles=").identities, None);
    }

    #[test]
    fn uuids_come_in_both_spellings() {
        let text = "uuids=765302c9-fce1-4814-9d74-679a3dc97046&uuids=fBs2nTA2VZt3MZsAC6Rvp5&uuids=x";
        let query = Parameters::from_query(text).playlist_query().unwrap();
        assert_eq!(query.identities.unwrap(), ["765302c9-fce1-4814-9d74-679a3dc97046"; 2]);
    }

    #[test]
    fn every_bad_value_is_named() {
        for (text, name) in
            [("start=9001", "start"), ("count=501", "count"), ("sort=views", "sort"), ("count=x", "count")]
        {
            assert_eq!(Parameters::from_query(text).channel_query().unwrap_err().name, name, "{text}");
            assert_eq!(Parameters::from_query(text).playlist_query().unwrap_err().name, name, "{text}");
        }
    }
}
