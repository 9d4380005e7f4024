from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.concerns.document import Document, document_of, from_row, hashtags_of, key_of, phrases_of
from pipeline.concerns.sample import DOCUMENTS_A_MINUTE, DocumentSample
from pipeline.postid import LONGEST
from schemas.codec import decode, encode
from schemas.mention import Mention, Sentiment, SentimentLabel
from schemas.tweet import TweetKind
from tests.pipeline.concerns.documents import mentions
from tests.pipeline.logs import mention


def sample(added: list[Mention]) -> DocumentSample:
    documents = DocumentSample()
    for one in added:
        documents.add(one)
    return documents


def again(documents: DocumentSample) -> DocumentSample:
    return DocumentSample.restore(decode(encode(documents.state())))


@settings(max_examples=60)
@given(added=st.lists(mentions(), max_size=40), seed=st.integers(0, 99))
def test_what_is_kept_depends_neither_on_the_order_of_arrival_nor_on_restarts(added: list[Mention], seed: int) -> None:
    rng = Random(seed)
    shuffled = list(added)
    rng.shuffle(shuffled)
    restarted = DocumentSample()
    for one in shuffled:
        restarted.add(one)
        if rng.random() < 0.3:
            restarted = again(restarted)
        elif rng.random() < 0.2:
            restarted.documents()

    assert encode(restarted.state()) == encode(sample(added).state())


@settings(max_examples=60)
@given(added=st.lists(mentions(), max_size=40))
def test_each_of_the_lowest_documents_counts_all_of_its_copies(added: list[Mention]) -> None:
    keys = [key_of(one) for one in added]
    lowest = sorted(set(keys))[:DOCUMENTS_A_MINUTE]

    assert [(one.key, one.mentions) for one in sample(added).documents()] == [(k, keys.count(k)) for k in lowest]


def test_the_original_stands_for_its_retweets_and_the_oldest_post_for_its_copies() -> None:
    negative = Sentiment(label=SentimentLabel.NEGATIVE, negative=900, neutral=50, positive=50)
    copies = [
        mention(cluster_key=5, tweet_id="7", kind=TweetKind.RETWEET, engagement=90, sentiment=negative),
        mention(cluster_key=5, tweet_id="31", phrases=("late",)),
        mention(cluster_key=5, tweet_id="8", phrases=("lost",), engagement=4),
    ]

    (document,) = sample(copies).documents()
    assert (document.tweet_id, document.said, document.is_negative) == ("8", "lost", False)
    assert (document.engagement, document.mentions) == (90, 3)


def test_words_and_pairs_are_read_back_from_their_runs() -> None:
    phrases = ("worst", "worst service", "service", "lost", "lost bag", "bag")
    document = document_of(mention(phrases=phrases))

    assert document.said == "worst service|lost bag"
    assert set(phrases_of(document)) == set(phrases)


@given(one=mentions())
def test_what_no_record_should_hold_does_no_harm(one: Mention) -> None:
    document = document_of(one)

    assert {word for phrase in phrases_of(document) for word in phrase.split(" ")} <= {
        word for phrase in one.phrases for word in phrase.split(" ")
    }
    assert from_row(decode(encode(list(document)))) == document
    assert len(encode(document.said)) <= 2 * 120 + 2


def test_a_hashtag_is_known_by_the_watchlists_hashtags_and_by_its_aliases_as_one_word() -> None:
    document = document_of(
        mention(
            hashtags=("fail", "acmeairlines", "acme", "boycottacme"),
            matched=("#fail", "@acme", "acme airlines"),
        )
    )

    assert dict(hashtags_of(document)) == {"fail": True, "acmeairlines": True, "acme": False, "boycottacme": False}


def test_a_minute_takes_three_kilobytes_whatever_comes() -> None:
    rng = Random(6)
    documents = sample(
        [
            mention(
                repeat_key=rng.getrandbits(53),
                tweet_id="x" * LONGEST,
                engagement=2**60,
                phrases=tuple(f"{n}é{i}" * 3 for i in range(24)),
                hashtags=tuple(f"tag{n}é{i}" for i in range(20)),
            )
            for n in range(2_000)
        ]
    )

    assert len(documents.documents()) == DOCUMENTS_A_MINUTE
    assert len(encode(documents.state())) < 3_072


@pytest.mark.parametrize(
    "row",
    [
        [1, 0, "7", "a", "", 0],
        [1, 0, "7", "a", "", 0, 0],
        [1 << 32, 0, "7", "a", "", 0, 1],
        [True, 0, "7", "a", "", 0, 1],
        [1, 4, "7", "a", "", 0, 1],
        [1, 0, 7, "a", "", 0, 1],
        [1, 0, "7", "a" * 121, "", 0, 1],
        [1, 0, "7", "a", "", -1, 1],
    ],
)
def test_a_damaged_document_is_refused(row: list[object]) -> None:
    with pytest.raises((TypeError, ValueError, AttributeError)):
        DocumentSample.restore([row])


def test_more_documents_than_there_can_be_are_refused() -> None:
    rows = [list(Document(n, 0, "", "", "", 0, 1)) for n in range(DOCUMENTS_A_MINUTE + 1)]
    with pytest.raises(ValueError, match="more than"):
        DocumentSample.restore(rows)
    with pytest.raises(ValueError, match="in order"):
        DocumentSample.restore([rows[1], rows[0]])


def test_an_engagement_below_nothing_is_none_however_often_it_comes() -> None:
    twice = [mention(cluster_key=5, tweet_id="7", engagement=-3, phrases=(word,)) for word in ("late", "lost")]

    (document,) = again(sample(twice)).documents()
    assert (document.engagement, document.mentions) == (0, 2)
