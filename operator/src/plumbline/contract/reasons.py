"""The meanings of reasons in conditions that come from Jobs, pods, the store and the API server.

The kinds declare their own reasons in `api/v1alpha1`; these are all others. A test fails for a
reason in the code that is in neither. The API reference (docs/reference) lists all of them.
"""

SOURCE = {
    "SourceNotFound": "There is no file, folder or bucket at spec.source.uri. Fix the address, or put the files there.",
    "SourceForbidden": "The source refuses access. Fix the credentials in spec.source.secretRef, or the permissions at the source.",
    "SourceUnreachable": "The source cannot be reached or does not respond. The operator tries again by itself.",
    "SourceChanged": "Files of the source changed while they were read. The operator tries again by itself.",
    "SourceInvalid": "spec.source.uri is not usable, or the page behind it is not a list of files. Fix the address.",
    "SourceUnreadable": "A file cannot be read as csv or parquet. Fix the file that the message names, or spec.format.",
    "SpecInvalid": "The schema or the question of the Dataset is inconsistent, or does not match the data. Fix the field that the message names.",
}
RULES = {
    "SourceEmpty": "A file has no rows.",
    "TornLine": "Lines of a csv file do not have as many fields as the header, or a quote is not closed.",
    "ColumnTwice": "The header names a column twice.",
    "ColumnMissing": "A file does not have a column of the schema.",
    "ColumnUnexpected": "schema.strict is true and a file has a column that is not in the schema.",
    "Type": "Values do not have the type of their column, or the type of the target does not suit the task.",
    "Null": "Values are missing in a column that is not nullable.",
    "Min": "Values are below the minimum of their column.",
    "Max": "Values are above the maximum of their column.",
    "Values": "Values are not among the allowed values of their column.",
    "Pattern": "Values do not match the pattern of their column.",
    "Unique": "A column that is unique has a duplicate value.",
    "PrimaryKey": "Rows have the same primary key as another row, or a part of their primary key is missing.",
    "MinRows": "There are fewer rows than expectations.minRows.",
    "MaxNullShare": "The share of missing values in a column is above expectations.maxNullShare.",
    "MaxDuplicateShare": "The share of duplicate rows is above expectations.maxDuplicateShare.",
    "TargetMissing": "The target is not in the data, or it has no values.",
    "TargetConstant": "The target has only one value: there is nothing to learn.",
    "HoldoutEmpty": "No row is held out, so no model could be evaluated.",
    "TrainingEmpty": "Every row is held out, so no row is left to train on.",
}
WARNINGS = {
    "TimeInFuture": "Times in the time column, or in the column that decides the holdout, are after the time of the fetch. They do not move the holdout's cut (the time from which rows are held out); fix the data if they are wrong.",
    "CutRestarted": "All rows are earlier than the holdout's cut (the time from which rows are held out) of the previous revision, such as after a wrong date. So a new cut was chosen. A model that was trained on an earlier revision may know rows that are held out now.",
}
TRAINING = {
    "NoTrainingRows": "No row is left to train on. Provide more data, or lower spec.question.holdout.share of the Dataset.",
    "NoHoldoutRows": "No row is held out for evaluation. Provide more data, or raise spec.question.holdout.share of the Dataset.",
    "RevisionUnreadable": "The data revision in the store cannot be read. Run kubectl annotate dataset NAME plumbline.dev/refresh=$(date +%s) --overwrite, then create a new TrainingRun.",
    "FeaturesMissing": "No column is left to learn from. Name columns in spec.features.",
    "FeatureMissing": "The data revision does not have a column that spec.features names. Fix spec.features, or use another revision.",
    "FeatureUnusable": "A feature has a type that the trainer cannot use. Leave it out of spec.features, or change its type in the Dataset.",
    "EstimatorNotFound": "trainer.estimator.import does not exist in the trainer image. Fix the name.",
    "EstimatorNotAllowed": "The built-in trainer runs linear models and tree ensembles of scikit-learn. To train them with code of your own, use trainer.container.",
    "EstimatorInvalid": "The class is not an estimator with fit and predict, or not one for the task of the Dataset. Use another class.",
    "EstimatorParamsInvalid": "The estimator refuses trainer.estimator.params. Fix the parameter that the message names.",
    "TrainingFailed": "The estimator raised an error in fit. Fix what the message names: its parameters or the data.",
    "NotCompilable": "The model server cannot run this estimator, a step before it, or one of their parameters. The message says which. Only linear models and tree ensembles of scikit-learn can be served, also with trainer.container.",
    "ClassesDiffer": "The model has classes that are not values of the target, such as 0 and 1 for false and true. Fit it on the column as it is in train.parquet.",
    "CompiledDiffers": "The compiled model does not give the same predictions as the trained one. Use another estimator, and report the message as a bug of Plumbline.",
    "ModelMissing": "The training container wrote no model. Write $PLUMBLINE_MODEL/model.skops with skops.io.dump.",
    "ModelUnreadable": "The model file is damaged, empty or not readable. Fix what the training container writes.",
    "ModelUntrusted": "The model file has types that are not safe to load. Use only the types of scikit-learn.",
    "ModelInvalid": "The installed version of Plumbline cannot read the manifest of the model. Create a new TrainingRun.",
    "ModelTooLarge": "The training container wrote too many or too large files. Write only the model.",
    "ModelNotRegular": "The model folder has a link or another special file. Write regular files only.",
    "ModelNameInvalid": "The model folder has a file with a name that is not allowed. Rename it.",
    "PredictionFailed": "The model raised an error while it predicted the held-out rows. Fix the estimator or the features; the message has the text of the error.",
}
STEPS = {
    "TaskInvalid": "A step cannot read its task. Use an operator and a trainer image of the same version, then create a new TrainingRun, or have the Dataset read its source again.",
    "PredictionsInvalid": "The predict step left no usable predictions. If the model predicts NaN or infinity, use another estimator or other features; else check that all images have the same version.",
    "CompiledInvalid": "The predict step left no usable compiled model. Check that all images have the same version.",
    "FileMissing": "A step did not write a file that the next step needs. See the log of the step, and check that all images have the same version.",
    "FileTooLarge": "A step wrote a file that is larger than allowed. Use a smaller model or fewer rows.",
    "FileNotRegular": "A step wrote a link or another special file. Write regular files only.",
    "PathInvalid": "A manifest names a file outside its folder; the step refused it. Check who can write to the store.",
    "StepBroken": "A step ended with an unexpected error. Its Job or its pod tries again; the log of the pod has details.",
    "ResultDamaged": "The result of a Job in the store is damaged. TrainingRun: create a new run. Dataset: annotate it with plumbline.dev/refresh, so that it reads its source again.",
}
STORE = {
    "StoreUnreachable": "The store cannot be reached or does not respond. The operator tries again by itself.",
    "StoreFailed": "The store failed in an unexpected way; the message has details. The operator tries again by itself.",
    "CredentialsRefused": "The store refuses the credentials in the Secret plumbline-store, or does not allow the access. Fix the Secret or the permissions.",
    "BucketMissing": "The bucket of the store does not exist. Create it, or fix the chart's value store.url.",
    "StoreDamaged": "An object in the store does not match its digest. Restore it from a backup, or read the source (Dataset) or train (TrainingRun) again.",
    "StoreObjectMissing": "An object that the status names is no longer in the store. Restore it from a backup, or read the source (Dataset) or train (TrainingRun) again.",
    "StoreObjectChanged": "An object in the store changed while it was read. The operator tries again by itself.",
    "StoreObjectTooLarge": "An object in the store is larger than allowed. Train a smaller model, or split the data into smaller files.",
}
SERVING = {
    "ModelDamaged": "The files of the model do not match their digest. Restore them from a backup, or create a new TrainingRun.",
    "ModelUnusable": "The model server cannot load the model, or predicts other values than at training time. Check that all images have the same version, then create a new TrainingRun.",
}
PODS = {
    "OOMKilled": "A container used more memory than its limit. Raise spec.resources.memory (ModelDeployment: spec.server.resources.memory). A TrainingRun cannot be changed: raise it in the template, then create a new run.",
    "DeadlineExceeded": "The training took longer than spec.activeDeadlineSeconds. Create a new run with a higher value, or train on fewer rows.",
    "ContainerFailed": "A container ended with an error. Fix the cause; the message has its last output.",
    "JobFailed": "A Job failed. Fix the cause that the message names; kubectl describe job has details.",
    "ImagePullBackOff": "The image cannot be pulled. Check its name and the pull secrets.",
    "ErrImageNeverPull": "The image is not on the node and may not be pulled. Load it, or change the pull policy.",
    "InvalidImageName": "The name of the image is not valid. Fix it.",
    "CreateContainerConfigError": "The container cannot be configured, such as when a Secret is missing. Fix what the message names.",
    "CreateContainerError": "The container cannot be created. Fix what the message names.",
    "RunContainerError": "The container cannot be started. Fix what the message names.",
    "RunAsRoot": "The image runs as root, which is not allowed. Give it a numeric USER other than 0.",
    "CrashLoopBackOff": "A container ends again and again. See its log with kubectl logs --previous.",
    "Unschedulable": "No node can run the pod; the message has the reasons of the scheduler. Add nodes or lower the requested resources; the pod starts when a node fits.",
    "ContainerCreating": "A container waits for its image or a volume. Run kubectl describe on the pod for details.",
    "PodMissing": "A Job has no pod, because the quota of the namespace is used up or a policy refuses the pod. Run kubectl describe job, then raise the quota or change the policy.",
    "PodsRefused": "No pod could be created, because a policy refuses it. Change the policy or the settings of the pod; the message has the reason of the policy.",
    "QuotaExceeded": "The quota of the namespace is used up. Raise the quota or delete other pods; Plumbline tries again by itself.",
    "Invalid": "The API server refuses an object as invalid. Fix what the message names.",
    "Forbidden": "The API server or a policy refuses an object. Fix what the message names.",
    "NameConflict": "An object with a name that Plumbline needs exists and belongs to something else. Delete that object, or create yours under another name.",
    "ObjectUnreadable": "Plumbline cannot read an object that it needs, because a field has a value that this version does not know, such as after a downgrade. Install the version that wrote it, or fix the field that the message names.",
}
MEANINGS = {
    "The source of a Dataset": SOURCE,
    "Rules that rows can fail (`status.violations`)": RULES,
    "What is odd about rows that pass all rules (`status.warnings`)": WARNINGS,
    "Training and evaluation": TRAINING,
    "Steps of Jobs (the containers of their pods)": STEPS,
    "The store": STORE,
    "The model server": SERVING,
    "Pods and other Kubernetes objects": PODS,
}
