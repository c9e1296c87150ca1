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
    "decision_tree": "Decision tree",
    "adaboost": "AdaBoost",
    "kernel_svm": "Kernel SVM",
    "lda": "Linear discriminant analysis",
    "qda": "Quadratic discriminant analysis",
    "ensemble": "Ensemble",
    "linear_regression": "Linear regression",
    "polynomial_regression": "Polynomial",
    "random_forest_regression": "Random forest",
    "xgboost_regression": "XGBoost",
    "elastic_net_regression": "Elastic net",
    "decision_tree_regression": "Decision tree",
    "extra_trees_regression": "Extra trees",
    "hist_gradient_boosting_regression": "Gradient boosting",
    "adaboost_regression": "AdaBoost",
    "k_nearest_neighbours_regression": "Nearest neighbours",
    "mlp_regression": "Neural network",
    "kernel_svm_regression": "Kernel SVM",
}
