"""Make a bucket for each account of the store: buckets.py USERS.json DATA."""

import json
import sys
from pathlib import Path

users, data = Path(sys.argv[1]), Path(sys.argv[2])
for folder in ("buckets", "meta"):
    (data / folder).mkdir(exist_ok=True)
for account in json.loads(users.read_text())["accessAccounts"]:
    grant = {"Permission": "FULL_CONTROL", "Access": account, "Type": "CanonicalUser"}
    about = data / "meta" / account / "meta"
    about.mkdir(parents=True, exist_ok=True)
    (about / "acl").write_text(json.dumps({"Owner": account, "Grantees": [grant]}))
    (about / "ownership").write_text("BucketOwnerEnforced")
    (data / "buckets" / account).mkdir(exist_ok=True)
