select alert_key from alerts_before
