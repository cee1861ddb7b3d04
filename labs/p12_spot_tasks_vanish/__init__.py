"""The lab p12: a service whose tasks are taken back by Fargate Spot."""
