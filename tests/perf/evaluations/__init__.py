"""What two hundred monitored models cost the operator, and whether it goes on reconciling."""
