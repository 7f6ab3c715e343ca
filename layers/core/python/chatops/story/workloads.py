"""What people run in a cloud: kinds of workload, the words that name them in some languages, and what carries them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chatops.story.workload_offers import (
    BACKUP,
    CLOUD_RUN,
    CONTAINERS,
    DATA,
    DATABASE,
    GB_SECONDS,
    GPU,
    JOB,
    KUBERNETES,
    PATCH,
    SQL,
    STATIC,
    STORAGE,
    VM,
    Offer,
    functions,
    machine_lines,
    machines,
)

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Workload:
    """A kind of workload; `words` name it, two-word ones count twice. Without a size in the text, these are assumed."""

    label: str
    words: str
    failure: str
    offers: tuple[Offer, ...]
    visits: float = 0
    stored: float = 0
    vcpu: float = 0
    gib: float = 0
    grows: bool = False
    """Whether visits need vCPU."""


WORKLOADS: Final[Mapping[str, Workload]] = {
    "static": Workload(
        "a static site",
        "static website homepage landing portfolio brochure docs documentation hugo jekyll gatsby html "
        "webseite webseiten vitrine statique sitio pagina сайт 'static site' 'portfolio site' 'landing page' "
        "'personal site' 'page web' 'pagina web' 'sitio web'",
        "The site goes offline. Its files are safe, it is downtime only.",
        STATIC,
        visits=1000,
        stored=1,
    ),
    "blog": Workload(
        "a blog or a CMS",
        "blog wordpress ghost drupal joomla cms wiki forum mediawiki блог",
        "The pages go offline, and what was written since the last backup may be lost.",
        machines("One machine holds the pages and their small database.", "aws/web-app"),
        visits=5000,
        stored=20,
        vcpu=0.25,
        gib=1,
        grows=True,
    ),
    "api": Workload(
        "an API",
        "api apis rest graphql backend endpoint webhook webhooks serverless lambda schnittstelle 'rest api' 'web api'",
        "Every app that calls it gets errors until it is back.",
        (
            *functions(GB_SECONDS, 1, "It is paid by the call, and nothing while nobody calls."),
            CLOUD_RUN,
            *machines("One machine answers, at a price that does not move.", "aws/web-app")[:1],
        ),
        visits=10_000,
        stored=20,
        vcpu=0.25,
        gib=1,
        grows=True,
    ),
    "app": Workload(
        "a web app with a database",
        "shop store ecommerce e-commerce webshop onlineshop boutique tienda saas crm erp webapp django rails laravel "
        "магазин checkout marketplace 'web app' 'web application' 'online shop' 'online store'",
        "Customers see errors, and orders wait. A database without backups loses data.",
        tuple(
            Offer(
                cloud,
                f"{VM[cloud]} with {SQL[cloud]}",
                "compute",
                "A machine of yours serves, and a managed database keeps the data with backups.",
                (*machine_lines(cloud), *DATABASE[cloud]),
                PATCH,
            )
            for cloud in VM
        ),
        visits=10_000,
        stored=20,
        vcpu=1,
        gib=2,
        grows=True,
    ),
    "container": Workload(
        "a container",
        "container containers docker dockerized containerized conteneur contenedor websocket websockets chat realtime",
        "The service goes offline until the container is started again.",
        CONTAINERS,
        visits=10_000,
        stored=20,
        vcpu=0.25,
        gib=1,
        grows=True,
    ),
    "bot": Workload(
        "a bot or a worker",
        "bot bots worker daemon scraper crawler listener 'discord bot' 'telegram bot' 'slack bot' 'background worker'",
        "It falls silent until somebody starts it again.",
        machines("One small machine is always awake, as a bot has to be.", "aws/web-app"),
        stored=10,
        vcpu=0.25,
        gib=1,
    ),
    "game": Workload(
        "a game server",
        "game games minecraft valheim terraria factorio rust gameserver spielserver jeu juego 'game server'",
        "The players are thrown out, and what happened since the last save is lost.",
        machines("A game wants one machine with steady memory, near its players.", "aws/web-app"),
        visits=2000,
        stored=30,
        vcpu=1,
        gib=4,
    ),
    "batch": Workload(
        "scheduled jobs",
        "batch cron cronjob nightly hourly scheduled scheduler job jobs ci pipeline build 'cron job' 'scheduled job'",
        "Jobs are late, and run when it is back.",
        functions(JOB, 0, "Jobs are paid by the second, and nothing between them."),
        visits=24,
        stored=1,
    ),
    "data": Workload(
        "data analysis",
        "etl analytics warehouse datalake bigquery athena spark reporting analyse analytique 'data pipeline' "
        "'data warehouse' 'data lake' 'big data'",
        "Reports are late. The files stay where they are.",
        DATA,
        stored=100,
        vcpu=2,
        gib=8,
    ),
    "backup": Workload(
        "backups",
        "backup backups archive archives sauvegarde sauvegardes sicherung sicherungen respaldo",
        "Backups wait until it is back. What was kept stays.",
        BACKUP,
        stored=100,
    ),
    "storage": Workload(
        "file storage",
        "storage files photos videos speicher almacenamiento stockage 'file storage' 'object storage'",
        "Files cannot be read until it is back. They are kept more than once.",
        STORAGE,
        stored=100,
    ),
    "kubernetes": Workload(
        "services on Kubernetes",
        "kubernetes k8s microservices microservice helm eks gke aks istio 'many services'",
        "Every service of the cluster goes with it.",
        KUBERNETES,
        visits=50_000,
        stored=50,
        vcpu=2,
        gib=4,
    ),
    "database": Workload(
        "a database",
        "database databases postgres postgresql mysql mariadb sql rds datenbank données datos",
        "Everything that asks it stands still.",
        tuple(
            Offer(
                cloud,
                f"{SQL[cloud]} for PostgreSQL",
                "database",
                "It is managed: patches and backups are the vendor's work.",
                DATABASE[cloud],
                "An engine of your choice, as far as the vendor offers it.",
            )
            for cloud in SQL
        ),
        stored=20,
        vcpu=1,
        gib=2,
    ),
    "gpu": Workload(
        "machine learning on a GPU",
        "gpu gpus ml llm ai training inference pytorch tensorflow cuda 'machine learning' 'deep learning' "
        "'stable diffusion'",
        "Training stops at its last checkpoint, and answers stop at once.",
        GPU,
        stored=100,
    ),
}
"""By their names, in the order that decides where a text names two of them equally often."""
