import pytest

from chatops.domain.adoption import IDS, CloudObject, Owner, adoptable, blocks, kinds

OWNER = Owner("123456789012345678", "shop")
WEB_APP = frozenset({"aws_instance.web", "aws_eip.web", "aws_s3_bucket.files", "aws_sqs_queue.jobs"})
BUCKET = "shop-123456789012345678-76eb17a8"

IDS_OF_AWS = {
    "aws_ebs_volume": "vol-049df61146c4d7901",
    "aws_eip": "eipalloc-049b69be39e94a85a",
    "aws_instance": "i-0123456789abcdef0",
    "aws_s3_bucket": BUCKET,
    "aws_security_group": "sg-903004f8",
    "aws_sqs_queue": "https://sqs.eu-west-1.amazonaws.com/222222222222/shop-123456789012345678-jobs",
}


def tagged(kind: str, resource: str | None = None, /, id: str = "", born: float = 0, **changes: str) -> CloudObject:
    """One of the owner's objects, unless the tags are changed."""
    tags = OWNER.tags | ({} if resource is None else {"Resource": resource}) | {"Name": "web"} | changes
    return CloudObject(kind, id or IDS_OF_AWS[kind], tags, born)


def test_an_object_belongs_at_the_address_that_it_carries() -> None:
    found, remarks = adoptable([tagged("aws_instance", "aws_instance.web")], OWNER, WEB_APP)

    assert found == {"aws_instance.web": IDS_OF_AWS["aws_instance"]}
    assert remarks == []


@pytest.mark.parametrize("kind", sorted(IDS))
def test_every_type_is_imported_by_the_id_that_aws_gives(kind: str) -> None:
    found, _ = adoptable([tagged(kind, f"{kind}.it")], OWNER, frozenset({f"{kind}.it"}))

    assert found == {f"{kind}.it": IDS_OF_AWS[kind]}


@pytest.mark.parametrize(
    "changes",
    [
        {"Guild": "999999999999999999"},
        {"Deployment": "shop-2"},
        {"Deployment": "Shop"},
        {"ManagedBy": "terraform"},
    ],
)
def test_an_object_of_somebody_else_is_left_alone_and_not_spoken_of(changes: dict[str, str]) -> None:
    assert adoptable([tagged("aws_instance", "aws_instance.web", **changes)], OWNER, WEB_APP) == ({}, [])


def test_an_object_with_some_of_the_tags_is_not_ours() -> None:
    some = {key: value for key, value in OWNER.tags.items() if key != "Guild"} | {"Resource": "aws_instance.web"}

    assert adoptable([CloudObject("aws_instance", IDS_OF_AWS["aws_instance"], some)], OWNER, WEB_APP) == ({}, [])


@pytest.mark.parametrize(
    "address",
    [
        "aws_instance.other",  # not in the blueprint
        "aws_eip.web",  # of another type than the object
        "module.net.aws_instance.web",
        "aws_instance.web -destroy",
        "-var=x aws_instance.web",
        'aws_instance.web["a"]',
        "aws_instance.web\n",
        "",
    ],
)
def test_an_address_that_fits_no_resource_is_remarked_on_and_not_taken(address: str) -> None:
    found, remarks = adoptable([tagged("aws_instance", address)], OWNER, WEB_APP)

    assert found == {}
    assert remarks == ["aws_instance 'i-0123456789abcdef0' fits no resource of the blueprint"]


@pytest.mark.parametrize("id", ["-state=x", "i-0123456789abcdef0 ", "i-0123456789ABCDEF0", "i-1", "eipalloc-049b69be"])
def test_an_id_of_another_form_is_not_taken(id: str) -> None:
    found, remarks = adoptable([tagged("aws_instance", "aws_instance.web", id=id)], OWNER, WEB_APP)

    assert found == {}
    assert len(remarks) == 1


@pytest.mark.parametrize("written", ["aws_eip.web.3", "aws_eip.web[3]"])
def test_a_counted_resource_has_its_index_with_a_dot_because_tags_may_not_hold_brackets(written: str) -> None:
    found, _ = adoptable([tagged("aws_eip", written)], OWNER, WEB_APP)

    assert found == {"aws_eip.web[3]": IDS_OF_AWS["aws_eip"]}


def test_of_two_objects_with_one_address_the_older_is_taken_and_the_other_named() -> None:
    objects = [
        tagged("aws_instance", "aws_instance.web", id="i-0000000000000000b", born=200),
        tagged("aws_instance", "aws_instance.web", id="i-0000000000000000c", born=100),
    ]

    found, remarks = adoptable(objects, OWNER, WEB_APP)

    assert found == {"aws_instance.web": "i-0000000000000000c"}
    assert remarks == [
        "aws_instance.web exists more than once: 'i-0000000000000000c' is taken, 'i-0000000000000000b' is not"
    ]


def test_an_object_from_before_the_tag_belongs_to_the_only_resource_of_its_type() -> None:
    assert adoptable([tagged("aws_eip")], OWNER, WEB_APP) == ({"aws_eip.web": IDS_OF_AWS["aws_eip"]}, [])


def test_where_two_resources_could_be_meant_none_is() -> None:
    found, remarks = adoptable([tagged("aws_eip")], OWNER, WEB_APP | {"aws_eip.second"})

    assert found == {}
    assert len(remarks) == 1


def test_a_bucket_that_has_no_tags_yet_is_known_by_its_name() -> None:
    assert adoptable([CloudObject("aws_s3_bucket", BUCKET)], OWNER, WEB_APP) == ({"aws_s3_bucket.files": BUCKET}, [])


@pytest.mark.parametrize(
    "name",
    [
        "shop-123456789012345678-logs",
        # Deployment `shop-123456789012345678` of another guild.
        "shop-123456789012345678-999999999999999999-76eb17a8",
        "shop-999999999999999999-76eb17a8",
    ],
)
def test_a_bucket_without_tags_and_with_another_name_is_left_alone(name: str) -> None:
    assert adoptable([CloudObject("aws_s3_bucket", name)], OWNER, WEB_APP) == ({}, [])


def test_a_bucket_of_our_name_with_tags_of_somebody_else_is_left_alone() -> None:
    assert adoptable([CloudObject("aws_s3_bucket", BUCKET, {"Name": "mine"})], OWNER, WEB_APP) == ({}, [])


def test_nothing_but_a_bucket_is_known_without_tags() -> None:
    assert adoptable([CloudObject("aws_instance", IDS_OF_AWS["aws_instance"])], OWNER, WEB_APP) == ({}, [])


def test_the_resources_of_a_blueprint_are_read_from_its_root_module() -> None:
    files = {
        "main.tf": b'resource "aws_instance" "web" {\n  tags = {}\n}\n\ndata "aws_ami" "a" {}\n',
        "more.tf": b'# resource "aws_eip" "old" {\nresource "aws_eip" "web" {\n',
        "modules/net/main.tf": b'resource "aws_vpc" "net" {\n',
        "page.tftpl": b'resource "aws_s3_bucket" "not" {\n',
    }

    assert blocks(files) == {"aws_instance.web", "aws_eip.web"}


def test_only_types_that_can_be_found_are_asked_for() -> None:
    assert kinds({"aws_eip.web", "aws_eip.two", "aws_eip_association.web", "terraform_data.x"}) == {"aws_eip"}
