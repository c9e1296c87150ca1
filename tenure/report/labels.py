"""What things are called in the report."""

from __future__ import annotations

FAMILIES = {
    "logistic_regression": "Logistic regression",
    "random_forest": "Random forest",
    "hist_gradient_boosting": "Gradient boosting",
    "xgboost": "XGBoost",
    "extra_trees": "Extra trees",
    "linear_svm": "Linear SVM",
    "naive_bayes": "Naive Bayes",
    "mlp": "Neural network",
    "k_nearest_neighbours": "Nearest neighbours",
    "ensemble": "Ensemble",
    "linear_regression": "Linear regression",
    "polynomial_regression": "Polynomial",
    "random_forest_regression": "Random forest",
    "xgboost_regression": "XGBoost",
}

METRICS = {
    "roc_auc": ("ROC-AUC", "chance that a churner is ranked above a stayer"),
    "average_precision": ("Average precision", "area under the precision-recall curve"),
    "accuracy": ("Accuracy", "decisions that were right"),
    "precision": ("Precision", "contacted customers who churn"),
    "recall": ("Recall", "churners who are contacted"),
    "f1": ("F1", "harmonic mean of precision and recall"),
    "brier": ("Brier score", "mean squared error of the probability"),
    "log_loss": ("Log loss", "mean surprise, in nats"),
    "calibration_error": ("Calibration error", "mean distance of probability and churn rate, ten bins"),
    "contacted_share": ("Contacted", "share of customers at or over the threshold"),
    "return_on_cost": ("Return on cost", "profit for each unit spent on offers"),
}

SHARES = frozenset({"accuracy", "precision", "recall", "contacted_share"})
"""Metrics written in per cent."""

MONEY = {
    "profit_per_day": ("Profit a day", "kept value less the offers, against contacting nobody"),
    "cost_per_day": ("Offers a day", "paid for every contacted customer"),
    "lost_value_per_day": ("Lost with missed churners a day", "churners who leave without having been contacted"),
}
