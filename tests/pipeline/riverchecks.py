"""River's own estimator checks, for every model of ours."""

from river import checks

GENERAL_CHECKS = (
    checks.common.check_repr,
    checks.common.check_str,
    checks.common.check_tags,
    checks.common.check_clone_same_class,
    checks.common.check_clone_is_idempotent,
    checks.common.check_init_has_default_params_for_tests,
    checks.common.check_init_default_params_are_not_mutable,
    checks.common.check_doc,
    checks.common.check_clone_changes_memory_addresses,
    checks.common.check_mutate_can_be_idempotent,
    checks.common.check_pickling_supports_roundtrip,
    checks.common.check_repr_roundtrips_clone,
    checks.common.check_clone_with_new_params_applies,
    checks.common.check_get_params_matches_signature,
)
"""`checks.yield_checks` without the data sets, which would be fetched from the network."""

STREAM_CHECKS = (
    checks.common.check_learn_one,
    checks.common.check_pickling,
    checks.common.check_shuffle_features_no_impact,
    checks.common.check_emerging_features,
    checks.common.check_disappearing_features,
    checks.common.check_radically_disappearing_features,
    checks.common.check_predict_one_pure,
    checks.common.check_predict_one_before_any_learn,
    checks.common.check_no_state_aliasing_with_input,
    checks.common.check_clone_is_independent,
)
"""They need a stream: rows of features and a label."""

MEMORY_CHECK = checks.common.check_bounded_memory_growth
"""On a stream as well; for models whose memory is bounded from the first rows on."""
