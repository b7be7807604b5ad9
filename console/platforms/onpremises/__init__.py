"""The dialect of the WhatsApp Business On-Premises API, and of those who still speak it."""
