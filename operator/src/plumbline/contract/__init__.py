"""The contracts between processes. Import the module that you need; this one stays empty."""
