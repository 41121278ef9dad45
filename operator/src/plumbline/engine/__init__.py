"""The engine: cache, informer, queue, workers and the clock. It knows no kind.

For one kind and its children it is wired like this:

    cache, queue = Cache(), Queue(metrics=metrics)
    cache.on_change(lambda key, old, new: [queue.add(each) for each in readers_of(key, new)])
    informers = [Informer(client, cache, kind, labels=selector) for kind in (RUN, JOB)]
    recorder = EventRecorder(client)
    effects = Effects(client=client, cache=cache, recorder=recorder, resource_of=resource_of)

    async def reconcile(key: Key) -> datetime | None:
        seen = cache.get(key)
        plan = decide(snapshot_of(cache, key))
        await effects.carry_out(key, plan, seen=seen)
        return plan.requeue_at

    workers = Workers(queue, reconcile=reconcile, report=report_on_object, metrics=metrics)
    liveness = Liveness(queue, informers)
    async with asyncio.TaskGroup() as group:
        group.create_task(liveness.run())
        tasks = [group.create_task(informer.run()) for informer in informers]
        await asyncio.gather(*(informer.synced.wait() for informer in informers))
        group.create_task(workers.run(16))
"""
