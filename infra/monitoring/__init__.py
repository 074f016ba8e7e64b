"""Logs, alerts, diagnostics and the workbook."""
