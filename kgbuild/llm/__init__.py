"""Language models behind addresses: what is asked, how it is asked, and what a server can do.

protocol  requests, replies and the two things that stages see of this folder: ChatModel and Replies
asking    one question asked once: remembered replies first
"""
