"""The idioms of pip's requirements files, and what each becomes."""

import pytest

from dagship.errors import UsageError
from dagship.lock.pip_lines import plain, without_credentials
from dagship.lock.requirements import Source

HASH, OTHER = "a" * 64, "b" * 64


def read(text: str, known: frozenset[str] = frozenset(), **others: str) -> Source:
    def named(name: str, by: str, at: str) -> tuple[str, str]:
        return name, others[name.removesuffix(".txt")]

    return plain(text, "requirements.txt", named, known)


def test_a_plain_file_stays_as_it_is() -> None:
    source = read("# ours\npandas>=2 \\\n  ,<3 # frames\n\nboto3\n")

    assert [(line.number, str(line.requirement), line.place) for line in source.lines] == [
        (2, "pandas<3,>=2", ""),
        (5, "boto3", ""),
    ]


@pytest.mark.parametrize("option", ["-r more.txt", "-rmore.txt", "--requirement more.txt", "--requirement='more.txt'"])
def test_lines_of_another_file_are_taken_with_their_place(option: str) -> None:
    source = read(f"pandas\n{option}\nboto3\n", more="# more\nsix\n")

    assert [(line.name, line.called) for line in source.lines] == [
        ("pandas", "line 1"),
        ("boto3", "line 3"),
        ("six", "more.txt:2"),
    ]


def test_what_is_wrong_in_another_file_is_told_with_that_file() -> None:
    with pytest.raises(UsageError, match=r"^more\.txt:2: './ours\.whl' is a path"):
        _ = read("-r more.txt", more="six\n./ours.whl\n").lines


def test_a_file_that_is_named_twice_is_taken_once() -> None:
    source = read("-r a.txt\n-r b.txt\n", a="-r c.txt\n", b="-r c.txt\n", c="six\n")

    assert [line.place for line in source.lines] == ["c.txt:1"]


def test_files_in_a_circle_are_refused_with_the_circle() -> None:
    with pytest.raises(UsageError) as caught:
        read("-r a.txt\n", a="six\n-r b.txt\n", b="-r a.txt\n")

    assert caught.value.message == "b.txt:1: the files name one another in a circle: a.txt → b.txt → a.txt."


def test_constraints_are_apart_from_what_is_asked_for_and_so_is_all_that_they_name() -> None:
    source = read("-c limits.txt\npandas\n", limits="numpy<2\n-r more.txt\n", more="six<2\n")

    assert [line.name for line in source.lines] == ["pandas"]
    assert source.limits is not None
    assert [(line.bound, line.place) for line in source.limits.lines] == [
        ("numpy<2", "limits.txt:1"),
        ("six<2", "more.txt:1"),
    ]


def test_a_change_of_a_constraint_or_a_hash_is_a_change_of_the_whole() -> None:
    texts = [
        read("-c limits.txt\na==1\n", limits="numpy<2\n").whole,
        read("-c limits.txt\na==1\n", limits="numpy<3\n").whole,
        read(f"-c limits.txt\na==1 --hash=sha256:{HASH}\n", limits="numpy<2\n").whole,
        read("a==1\nnumpy<2\n").whole,
    ]

    assert len(set(texts)) == 4


@pytest.mark.parametrize(
    "address",
    [
        "https://raw.example.test/apache/airflow/constraints-2.10.5/constraints-3.11.txt",
        '"https://raw.example.test/apache/airflow/constraints-2.10.5/constraints-no-providers-3.11.txt"',
        "https://mirror.example.test/constraints-2.10.5/constraints-source-providers-${PYTHON_VERSION}.txt",
    ],
)
def test_airflows_constraints_are_known_by_their_address(address: str) -> None:
    source = read(f"--constraint {address}\npandas\n")

    assert source.releases == {"requirements.txt:1": "2.10.5"}
    assert source.limits is None


@pytest.mark.parametrize("option", ["-c https://example.test/limits.txt", "-r https://u:s3cret@example.test/more.txt"])
def test_no_other_address_is_fetched(option: str) -> None:
    with pytest.raises(UsageError, match=r"requirements\.txt:1: .* is an address, and no \w+ are fetched") as caught:
        read(option)

    assert "s3cret" not in str(caught.value.__dict__)


@pytest.mark.parametrize(
    ("line", "write"),
    [
        ("-i https://example.test/simple", 'Write index_url = "https://example.test/simple" in dagship.toml'),
        ("--extra-index-url=https://example.test/x", 'Write extra_index_urls = ["https://example.test/x"]'),
        ("--find-links wheels/", "Write find-links = wheels/ below [global] in a pip.conf"),
        ("--trusted-host example.test", "Write trusted-host = example.test below [global] in a pip.conf"),
        ("--no-binary pandas,numpy", 'Write source_packages = ["pandas", "numpy"] in the settings'),
    ],
)
def test_what_is_a_setting_is_refused_with_the_line_to_write(line: str, write: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(f"pandas\n{line}\n")

    assert caught.value.message.startswith("requirements.txt:2: --")
    assert write in caught.value.hint


@pytest.mark.parametrize(
    "line",
    [
        "-i https://token-s3cret@example.test/simple",
        "--extra-index-url https://u:s3cret@example.test/",
        "-f https://[s3cret@x",
    ],
)
def test_credentials_in_an_index_are_named_as_such_and_never_shown(line: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(line)

    assert "names an index with credentials" in caught.value.message
    assert "s3cret" not in str(caught.value.__dict__)
    assert "DAGSHIP_" in caught.value.hint


def test_an_index_that_settings_name_is_nothing_new() -> None:
    known = frozenset([without_credentials("https://u:p@example.test/simple/")])

    assert [line.name for line in read("-i https://example.test/simple\npandas\n", known).lines] == ["pandas"]


def test_what_installs_do_anyway_is_taken() -> None:
    source = read("--prefer-binary\n--only-binary :all:\n--require-hashes\npandas\n")

    assert [line.name for line in source.lines] == ["pandas"]


def test_hashes_are_kept_beside_the_line() -> None:
    source = read(f"Pan_das==2.2 \\\n    --hash=sha256:{HASH} \\\n    --hash=sha256:{OTHER}\n")

    assert [str(line.requirement) for line in source.lines] == ["Pan_das==2.2"]
    assert source.hashes == {"pan-das": frozenset([f"sha256:{HASH}", f"sha256:{OTHER}"])}


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("-r", "--requirement names nothing"),
        ("-r 'more.txt", "a quote in"),
        ("pandas==2 --hash=md5:00", "is no SHA-256"),
        ("-e git+https://x.test/ours", "is an option of pip that is not taken"),
        ("--pre", "is an option of pip that is not taken"),
        ("--require-hashes --pre", "is an option of pip that is not taken"),
    ],
)
def test_a_line_that_cannot_be_taken_is_told_with_its_number(line: str, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        _ = read(f"pandas\n{line}\n").lines

    assert caught.value.message.startswith("requirements.txt:2: ")
    assert says in caught.value.message
