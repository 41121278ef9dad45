"""What things are called in a pod: for those who build pods, run in them and watch them.

Plain constants: the model server imports this module too.
"""

# Steps of Jobs, `python -m plumbline.jobs <step>`; their containers have the same names, but
# whatever fetches is called FETCH.
PROFILE = "profile"
FETCH_TRAINING, TRAIN, UPLOAD = "fetch-training", "train", "upload"
FETCH_JUDGING, PREDICT, JUDGE = "fetch-judging", "predict", "judge"
# Steps of serving pods, `python -m plumbline.serving <step>`, and the container that serves.
FETCH, SERVE, SERVER = "fetch", "serve", "server"

# Folders of volumes. What predicts sees FEATURES and never LABELS.
TASK_FOLDER, SOURCE, TMP = "/etc/plumbline", "/source", "/tmp"  # noqa: S108 - an emptyDir of the pod
DATA, MODEL, CHAMPION = "/data", "/model", "/champion"
FEATURES, LABELS, PREDICTIONS = "/features", "/labels", "/predictions"
TERMINATION_LOG = "/dev/termination-log"

# The task of a Job is TASK_FOLDER/TASK_FILE, and what is to be judged stands beside it.
TASK_FILE, JUDGE_FILE = "task.json", "judge.json"
# What training gets and leaves.
TRAINING_ROWS, DATA_TASK = f"{DATA}/train.parquet", f"{DATA}/{TASK_FILE}"
TRAINED_MODEL, TRAINING_FACTS = f"{MODEL}/model.skops", f"{MODEL}/training.json"
# What predicting gets and leaves, and what it must not see.
HELD_OUT, SAMPLE = f"{FEATURES}/holdout.parquet", f"{FEATURES}/sample.parquet"
PREDICT_TASK, TRUTH = f"{FEATURES}/{TASK_FILE}", f"{LABELS}/labels.parquet"
ANSWERS, PREDICT_FACTS = f"{PREDICTIONS}/predictions.parquet", f"{PREDICTIONS}/predict.json"
COMPILED = f"{PREDICTIONS}/compiled"
# The file that describes a compiled model, in its folder.
MODEL_FILE = "model.json"
# Made by the upload once it hears of its end: training waits for it.
UPLOAD_READY = f"{TMP}/upload-ready"

# Ports of a model server, and the name of the one that is the operator's.
DATA_PORT, ADMIN_PORT = 8080, 9090
HTTP, ADMIN = "http", "admin"

# Environment variables: of every step that knows the store, of training, of serving.
STORE_URL_VARIABLE, JOB_UID_VARIABLE = "PLUMBLINE_STORE_URL", "PLUMBLINE_JOB_UID"
DATA_VARIABLE, MODEL_VARIABLE = "PLUMBLINE_DATA", "PLUMBLINE_MODEL"
SEED_VARIABLE = "PLUMBLINE_SEED"
MANIFEST_VARIABLE, IDENTITY_VARIABLE = "PLUMBLINE_MODEL_MANIFEST", "PLUMBLINE_IDENTITY"
DRAIN_VARIABLE = "PLUMBLINE_DRAIN_SECONDS"
# Of all of ours: how to log, and about what, as `kind=TrainingRun,namespace=team,name=late-1`.
LOG_FORMAT_VARIABLE, LOG_LEVEL_VARIABLE = "PLUMBLINE_LOG_FORMAT", "PLUMBLINE_LOG_LEVEL"
LOG_BOUND_VARIABLE = "PLUMBLINE_LOG_BOUND"
# For tests and for servers without a kubelet: other places than a pod's.
ROOT_VARIABLE, TASK_VARIABLE = "PLUMBLINE_ROOT", "PLUMBLINE_TASK"
TERMINATION_LOG_VARIABLE = "PLUMBLINE_TERMINATION_LOG"
# How long a model server goes on accepting after it has been told to end.
DRAIN_SECONDS = 5
