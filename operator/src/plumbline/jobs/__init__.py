"""The steps that run in Jobs: fetch, profile, train, upload, predict and judge."""
