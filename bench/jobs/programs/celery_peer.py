"""Celery as a client or as a worker of the bench: it is told and tells the same as program.ts."""
import json
import os
import signal
import sys
import threading
import time

from celery import Celery
from celery.result import ResultSet
from celery.signals import task_success, worker_ready
from kombu import Queue

SETTINGS = json.loads(os.environ['BENCH_JOBS'])
RESULTS = SETTINGS['results']

# Celery greets on the standard output, which is for the bench alone.
OUT = os.fdopen(os.dup(1), 'w')
os.dup2(2, 1)

app = Celery('bench', broker=SETTINGS['amqp'], backend=SETTINGS['redis'] if RESULTS else None)
app.conf.update(
    # The same promises as ours: on the broker's disk before it is sent, and there until it is done.
    broker_transport_options={'confirm_publish': True},
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    # Of its one job at a time.
    worker_prefetch_multiplier=SETTINGS['prefetch'],
    task_queues=[Queue(SETTINGS['queue'], durable=True)],
    task_default_queue=SETTINGS['queue'],
    task_ignore_result=not RESULTS,
    broker_pool_limit=1,
    worker_hijack_root_logger=False,
)


@app.task(name='bench')
def work(ms):
    if ms > 0:
        time.sleep(ms / 1000)


def tell(what):
    OUT.write(json.dumps(what) + '\n')
    OUT.flush()


def now():
    return time.time() * 1000


def client():
    for line in sys.stdin:
        order = json.loads(line)
        began = now()
        results = [work.delay(order['ms']) for _ in range(order['jobs'])]
        sent = now()
        if RESULTS:
            ResultSet(results).join_native()
        tell({'began': began, 'sent': sent, 'done': now() if RESULTS else sent})


def worker():
    progress = {'done': 0, 'at': 0}

    @task_success.connect(weak=False)
    def count(**_):
        progress['at'] = now()
        progress['done'] += 1

    def tell_progress():
        told = 0
        while True:
            time.sleep(0.02)
            if progress['done'] != told:
                told = progress['done']
                tell({'done': told, 'at': progress['at']})

    is_ready = threading.Event()

    def leave():
        sys.stdin.read()
        # Before it is ready it has nothing in hand, and may be waiting for its broker for ever.
        os.kill(os.getpid(), signal.SIGTERM if is_ready.is_set() else signal.SIGKILL)

    @worker_ready.connect(weak=False)
    def ready(**_):
        is_ready.set()
        tell({'done': 0, 'at': now()})
        threading.Thread(target=tell_progress, daemon=True).start()

    threading.Thread(target=leave, daemon=True).start()
    # One job at a time in one process, without what only monitors need, and in Celery's blocking loop: the loop it
    # takes by default may poll for up to 10 s before it sends the acknowledgement of a job done in its own process,
    # and with one job at a time nothing arrives meanwhile (celery/celery#6941, celery/kombu#1587).
    app.Worker(
        hostname='bench%d@localhost' % os.getpid(),
        pool_cls='solo',
        concurrency=1,
        loglevel='ERROR',
        use_eventloop=False,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
    ).start()


client() if sys.argv[1] == 'client' else worker()
