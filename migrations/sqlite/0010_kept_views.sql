-- Views that other servers told of are kept before these are answered, and added a few seconds later: see instance/src/views.

-- The video whose views this one is still to be added to.
ALTER TABLE counted_activities ADD COLUMN video_id INTEGER REFERENCES videos (id) ON DELETE SET NULL;
CREATE INDEX counted_activities_kept ON counted_activities (video_id) WHERE video_id IS NOT NULL;
