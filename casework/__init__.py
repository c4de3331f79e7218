"""What is done about a call: its case, judged, registered and answered with solutions.

Every way in uses it: today the voice response, later mail, portal and desk.
"""
