"""The pages of the event manager.

Here is what all of them share, and the page of an event with its tabs (`page`). Each of the rooms is about one thing:

- `setup`: what prints, where, and with what; `desk_rules` the editor of the rules about desks
- `today`: what the desks do now
- `jobs`: the jobs page, and what is done about jobs; `webhooks` the page of one webhook
- `certificates`: the types of certificates, who gets one, and what became of each
- `registrations`: badges on Indico's own pages
"""
