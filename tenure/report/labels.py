"""Names of the model families in the report."""

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
