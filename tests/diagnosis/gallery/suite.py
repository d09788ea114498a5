"""The programs that `make test` runs; `make bench-diagnosis` runs all there are."""

FAULTY_IN_SUITE = (
    "empty_cell_in_a_data_frame",
    "station_that_failed_for_two_hours",
    "black_picture_divided_by_its_brightness",
    "targets_not_yet_measured",
    "one_output_without_its_target",
    "log_target_of_a_sale_for_nothing",
    "ratio_target_with_an_empty_basket",
    "weight_of_a_shop_without_sales",
    "weight_that_came_with_the_stream",
    "counts_from_a_linear_output",
    "divergence_from_raw_scores",
)

HEALTHY_IN_SUITE = ()
