"""Every word of an explanation, in English."""

from __future__ import annotations

__all__ = ["MONTHS", "WORDS"]

MONTHS: tuple[str, ...] = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip

WORDS: dict[str, str] = {
    "decimal": ".",
    "thousands": ",",
    "percent": "{number}\N{NO-BREAK SPACE}%",
    "moment": "{day} {month} {year}, {clock} UTC",
    "colon": ": ",
    "quoted": "“{text}”",
    # levels, steps, windows
    "level_0": "calm",
    "level_1": "watch",
    "level_2": "alert",
    "level_3": "crisis",
    "level_4": "severe",
    "opened": "opened",
    "escalated": "escalated",
    "updated": "updated",
    "deescalated": "de-escalated",
    "resolved": "resolved",
    "last_15m": "in the last 15 minutes",
    "last_1h": "in the last hour",
    "last_6h": "in the last 6 hours",
    # the crisis
    "title": "Crisis {id}",
    "summary": "{brand}. Opened {opened}. Highest level: {peak}. Steps: {steps}.",
    "glossary": "A ban is a factor of ten: what chance gives once in 1,000 looks is worth 3 bans.",
    "step": "Step {number}. {moment}: {type}, {previous} → {level}",
    "step_same": "Step {number}. {moment}: {type}, still {level}",
    "row_seen": "Seen",
    "row_score": "Score",
    "row_level": "Level",
    "row_left_out": "Left out",
    "row_no_part": "No part",
    "row_about": "About",
    "row_tweets": "Tweets",
    "row_check": "Check",
    # what was seen
    "seen": "{volume} mentions {window}, by about {authors}; {expected} were expected (98 times in 100 between {low} "
    "and {high}).",
    "seen_one": "One mention {window}; {expected} were expected (98 times in 100 between {low} and {high}).",
    "people": "{number} people",
    "people_one": "one person",
    "negative": "{negative} were negative, which is {share}; usual is {usual}.",
    "negative_one": "{negative} was negative, which is {share}; usual is {usual}.",
    "seen_nothing": "No mention {window}; {expected} were expected.",
    "planned": "“{name}” is planned: {times} times as many mentions are expected while it lasts.",
    "unobserved": "Input is missing for {minutes} minutes of the last 24 hours: the numbers may be too low.",
    # the parts of the score
    "part_volume": "{observed} mentions {window}; {expected} were expected. By chance that many come once in {odds} "
    "looks ({surprise} bans).",
    "part_share": "{hits} of {trials} {window} were negative; usual is {usual}. By chance that happens once in "
    "{odds} looks ({surprise} bans).",
    "part_share_one": "{hits} of {trials} {window} was negative; usual is {usual}. By chance that happens once in "
    "{odds} looks ({surprise} bans).",
    "mentions": "{number} mentions",
    "mentions_one": "{number} mention",
    "part_peak": "{observed} mentions in 15 minutes, against daily peaks of {expected}. By Markov's inequality of "
    "order {order}, whatever the law, such a peak comes once in at least {days} days (log10: {surprise}).",
    "part_copies": "retweets and copies of one text tell one opinion. Without {copies}, {hits} of {trials} negative: "
    "once in {odds} looks ({surprise} bans).",
    "copies": "{number} copies",
    "copies_one": "the one copy",
    "part_authors": "two posts of each author count. From about {authors} that makes {trials} of {all}: once in {odds} "
    "looks ({surprise} bans).",
    "part_authors_negative": "two posts of each author count, and one negative one (a quarter more, since authors are "
    "estimated). From about {authors}, about {angry} of whom wrote something negative, that makes {trials} of {all}, "
    "{hits} of them negative: once in {odds} looks ({surprise} bans).",
    "part_looks_15m": "a window of 15 minutes is new four times an hour, so chance has four tries: "
    "\N{MINUS SIGN}log10 of 4.",
    "part_looks_1h": "a window of one hour is new once an hour, as the score is: nothing to add.",
    "part_looks_6h": "a window of 6 hours is new once in 6 hours, so chance has a sixth of a try an hour: log10 of 6.",
    "part_looks_days": "what brings days to the scale of the score: the bound that is set is worth what watch "
    "asks for.",
    "part_limit_told": "such a crowd has been told of within the day; only one ten times rarer counts again.",
    "part_limit": "volume alone counts up to just below alert ({threshold}), however large it is.",
    "name_volume": "Volume",
    "name_peak": "Peak",
    "name_negative_share": "Negative share",
    "name_copies": "Copies",
    "name_authors": "Repeated authors",
    "name_looks": "Looks",
    "name_limit": "Limit",
    "name_question_share": "Questions",
    "name_reach": "Reach",
    "joined": "Share and volume together, by Fisher's method, {volume} of the volume counted (no more than the share "
    "says): {both} \N{MINUS SIGN} log10(1 + 2.303 × {both}) = {together}, shared out in proportion.",
    "alone": "The share alone says more than share and volume together, so the volume adds nothing.",
    "sum_one": "{total} bans",
    "sum": "{sum} = {total} bans",
    "sum_learning": "{sum} = {total} bans; × {learning} learnt = {score}",
    "odds_score": "In ordinary times that is seen once in {hours} hours ({length}).",
    "days": "{number} days",
    "years": "{number} years",
    "nothing": "Nothing is above what is usual.",
    "unusual_no_part": "{name} ({observed}; usual {expected}; {surprise} bans)",
    "usual_no_part": "{name} ({observed}; usual {expected})",
    # the level
    "passes": "{score} passes {level} ({threshold}), which asks for {needed} distinct authors as well; there were "
    "about {authors}.",
    "below_watch": "{score} is below watch ({threshold}).",
    "few_authors": "{score} would pass {level} ({threshold}), but that asks for {needed} distinct authors of negative "
    "mentions, and there were about {authors}.",
    "not_loud": "Severe ({threshold}) asks for an unusual volume, reach or share of questions as well; there is none.",
    "other_window": "The window that made it {level} is another one: {score} {window}, with about {authors} authors.",
    "rose_at_once": "It is {above} or more above the threshold of {level}, so it counted at once.",
    "rose_lasted": "{level} had to be earned for {needed} minutes in a row, and it was.",
    "rising": "{level} has been earned for {minutes} min of the {needed} min that it must be.",
    "holds": "{level} is held down to {threshold}.",
    "waning": "It has not been held for {minutes} min; after {needed} min it is given up.",
    "fell": "{level} had not been held (down to {threshold}) for {needed} minutes, so it was given up.",
    "carried": "The level is what an earlier model gave; it is kept while this one learns.",
    "by_somebody": "somebody who gave no name",
    "confirmed": "Confirmed as a crisis by {by}: the baseline does not learn from it before it is over.",
    "snoozed": "Put off until {until} by {by}: until then nothing is told but a higher level or the end.",
    "dismissed": "Dismissed by {by}: {reason}. So it ended in this minute, whatever the minute earned; the same talk "
    "opens no other crisis unless it goes beyond {peak}.",
    "because_not_about_us": "the mentions mean something else of the same name",
    "because_misread": "the mentions were misread, they were not negative",
    "because_planned": "it was caused by something known beforehand",
    "because_copies": "few people, many copies",
    "because_old_news": "a known matter that came up again",
    "because_too_small": "true, but too small for a crisis team",
    "learning": "The baseline has learnt {learning} of what it takes, so nothing above watch can be raised. Missing: "
    "minutes observed {minutes}, mentions {mentions}, hours with mentions {hours}.",
    # what people talk about
    "concern": "{phrase} in {share} of the recent mentions (usually {usual})",
    "questions": "Mentions that ask something: {questions}. Posts of the brand itself in the last 24 hours: {own}.",
    "hashtags": "Hashtags: {hashtags}.",
    # checks
    "check_ok": "Recomputed from the event’s own numbers: all agree ({checks}).",
    "check_wrong": "{name}: published {published}, recomputed by hand {recomputed}.",
    "check_none": "This event is of before evidence held what it takes to check it by hand.",
    "check_score": "score",
    "check_level": "level of this minute",
    # the whole
    "read": "Recomputed from {tweets} tweets ({records} records)",
    "identical": "{read}: identical to what was published, {events} events, byte for byte.",
    "identical_but": "{read}: identical to what was published, {events} events, but for tweets that are named no more.",
    "withdrawn_one": "Of the tweets that they named {number} was withdrawn since, and is named no more.",
    "withdrawn": "Of the tweets that they named {number} were withdrawn since, and are named no more.",
    "not_compared": "{read}. Nothing that was published has been given to compare it with.",
    "different": "{read}: not what was published. First in step {step}:",
    "missing": "{read}: step {step} does not come out of this log.",
    "difference": "{path}: published {published}, recomputed {recomputed}",
    "why": "Why that may be:",
    "why_removed": "The first {records} records of raw partition {partition} are gone (retention): what the baseline "
    "learnt from them cannot be learnt again.",
    "why_empty": "Nothing in this log is about any of the brands.",
    "why_begins": "The log begins {begins}, and the crisis opened {opened}: the baseline had learnt more by then than "
    "this log can teach.",
    "why_settings": "The settings are others: {published} then, {recomputed} now.",
    "why_model": "The model is another: {published} then, {recomputed} now.",
    "why_withdrawn": "The log holds {notices} compliance messages: what was withdrawn was named no more from then on, "
    "nor were its words counted among what people talk about.",
    "why_other": "Or the watchlist, the text models or the version of Vigie are not what they were, or this is another "
    "log.",
}
"""Texts by key; `{name}` is filled in."""
