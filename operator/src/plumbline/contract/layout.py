"""Names in a pod (steps, folders, files, ports, variables) that several processes must agree on.

Constants only, because the model server imports this module and must start fast.
"""

# Steps of Jobs, `python -m plumbline.jobs <step>`. Their containers have the same names, except for
# FETCH_TRAINING and FETCH_JUDGING, which run in containers called FETCH.
PROFILE = "profile"
FETCH_TRAINING, TRAIN, UPLOAD = "fetch-training", "train", "upload"
FETCH_JUDGING, PREDICT, JUDGE = "fetch-judging", "predict", "judge"
# Steps of serving pods, `python -m plumbline.serving <step>`, and the container that serves.
FETCH, SERVE, SERVER = "fetch", "serve", "server"

# Folders of volumes. The predict step sees FEATURES and never LABELS.
TASK_FOLDER, SOURCE, TMP = "/etc/plumbline", "/source", "/tmp"  # noqa: S108 - an emptyDir of the pod
DATA, MODEL, CHAMPION = "/data", "/model", "/champion"
FEATURES, LABELS, PREDICTIONS = "/features", "/labels", "/predictions"
TERMINATION_LOG = "/dev/termination-log"

# The task of a Job is TASK_FOLDER/TASK_FILE; the judge Job has JUDGE_FILE in the same folder.
TASK_FILE, JUDGE_FILE = "task.json", "judge.json"
# Input and output of the training.
TRAINING_ROWS, DATA_TASK = f"{DATA}/train.parquet", f"{DATA}/{TASK_FILE}"
TRAINED_MODEL, TRAINING_FACTS = f"{MODEL}/model.skops", f"{MODEL}/training.json"
# Input and output of the predict step, and the labels, which it must not see. SAMPLE_ROWS are a few
# training rows, with which the compiled model is checked.
HELD_OUT, SAMPLE_ROWS = f"{FEATURES}/holdout.parquet", f"{FEATURES}/sample.parquet"
PREDICT_TASK, LABELS_FILE = f"{FEATURES}/{TASK_FILE}", f"{LABELS}/labels.parquet"
# All values of the target of a classification, also those of the training rows.
CLASSES_FILE = f"{LABELS}/classes.parquet"
PREDICTIONS_FILE, PREDICT_FACTS = (
    f"{PREDICTIONS}/predictions.parquet",
    f"{PREDICTIONS}/predict.json",
)
COMPILED = f"{PREDICTIONS}/compiled"
# The file that describes a compiled model, in its folder.
MODEL_FILE = "model.json"
# The upload makes this file once it handles SIGTERM; the training starts only then.
UPLOAD_READY = f"{TMP}/upload-ready"

# Ports of a model server; ADMIN_PORT is for probes, metrics and the operator.
DATA_PORT, ADMIN_PORT = 8080, 9090
HTTP, ADMIN = "http", "admin"

# Environment variables: of steps with the store, of the training, of the model server.
STORE_URL_VARIABLE, JOB_UID_VARIABLE = "PLUMBLINE_STORE_URL", "PLUMBLINE_JOB_UID"
DATA_VARIABLE, MODEL_VARIABLE = "PLUMBLINE_DATA", "PLUMBLINE_MODEL"
SEED_VARIABLE = "PLUMBLINE_SEED"
MANIFEST_VARIABLE, IDENTITY_VARIABLE = "PLUMBLINE_MODEL_MANIFEST", "PLUMBLINE_IDENTITY"
DRAIN_VARIABLE = "PLUMBLINE_DRAIN_SECONDS"
# Of all containers: how to log, and for which object: `kind=TrainingRun,namespace=team,name=a-1`.
LOG_FORMAT_VARIABLE, LOG_LEVEL_VARIABLE = "PLUMBLINE_LOG_FORMAT", "PLUMBLINE_LOG_LEVEL"
LOG_BOUND_VARIABLE = "PLUMBLINE_LOG_BOUND"
# For tests, and for servers that run outside of a pod: other paths.
ROOT_VARIABLE, TASK_VARIABLE = "PLUMBLINE_ROOT", "PLUMBLINE_TASK"
TERMINATION_LOG_VARIABLE = "PLUMBLINE_TERMINATION_LOG"
# How long a model server accepts requests after SIGTERM.
DRAIN_SECONDS = 5
