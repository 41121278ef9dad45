"""What runs inside Jobs: fetch, profile, train, upload, predict and judge."""
