#!/usr/bin/env python3
"""amend_plan.py PLAN APPROVER.json...: let these approve from now on, with a node and a policy."""
import json
import sys

with open(sys.argv[1], encoding="utf-8") as f:
    plan = json.load(f)
plan["approvers_next"] = []
for path in sys.argv[2:]:
    with open(path, encoding="utf-8") as f:
        approver = json.load(f)
    plan["approvers_next"].append({k: approver[k] for k in ("name", "sign", "seal")})
plan["freshness"] = "refuse"
plan["nodes"] = [{"name": "node1", "hardware": "amd", "product": "Milan"}]
with open(sys.argv[1], "w", encoding="utf-8") as f:
    json.dump(plan, f, indent=2)
