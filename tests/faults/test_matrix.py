"""The fault matrix: every fault that the lab must survive, and the tests that inject it for real and look what is lost.

Each row: what happens, what must hold, and who holds it, as `file::test`, below tests/.
"""

import re

import pytest

from tests.tools.reading import ROOT

SOAK = "soak/test_soak.py::test_random_clients_and_random_faults_break_no_promise"
MATRIX: dict[tuple[str, str], tuple[str, ...]] = {
    ("worker killed", "runs back bit for bit, others undisturbed"): (
        "engine/test_pool.py::test_a_lost_workers_run_goes_on_as_if_nothing_had_happened",
        "web/test_socket.py::test_a_killed_workers_run_is_back_with_the_same_losses",
        "sessions/test_races.py::test_lost_workers_leave_branches_that_are_plain_replays",
        SOAK,
    ),
    ("worker stopped, or in an endless computation", "noticed under 3 s, the same"): (
        "engine/test_pool.py::test_a_lost_workers_run_goes_on_as_if_nothing_had_happened",
        "faults/test_workers.py::test_a_stopped_worker_is_noticed_in_time_and_no_run_is_blamed_for_it",
        "faults/test_workers.py::test_a_worker_that_is_stopped_before_it_is_ready_is_noticed_in_time",
        "faults/test_workers.py::"
        "test_a_worker_that_computes_for_ever_is_noticed_in_time_and_its_run_given_up_with_the_reason",
        "engine/test_pool.py::test_only_the_run_that_had_its_turn_is_blamed_for_a_lost_worker",
    ),
    ("machine too busy for a worker to answer", "it goes on, nothing is called too large"): (
        "faults/test_workers.py::test_a_starved_worker_goes_on_and_its_run_is_blamed_for_nothing",
    ),
    ("web process killed and restarted", "runs back with their timelines, pages by themselves"): (
        "faults/test_restarts.py::test_a_killed_lab_has_every_row_that_was_kept_and_every_change_that_was_answered",
        "sessions/test_keeping.py::test_a_change_is_kept_before_it_is_answered",
        "browser/test_restarts.py::test_an_open_page_finds_its_run_again_after_a_restart_and_says_so_in_one_line",
    ),
    ("browser gone without closing; half-open connection", "descriptor freed, session let go"): (
        "faults/test_readers.py::test_pages_that_vanish_without_a_word_leave_nothing_behind",
        "faults/test_scarcity.py::test_a_page_that_falls_silent_without_a_word_is_let_go",
        "web/test_socket.py::test_a_page_that_leaves_takes_its_session_along_at_once",
    ),
    ("reader slow, reader stopped", "memory bounded, others' rate unchanged, the picture of now"): (
        "faults/test_scarcity.py::test_a_slow_reader_sees_what_is_now",
        "faults/test_scarcity.py::"
        "test_while_a_reader_is_stalled_all_others_have_their_frames_and_it_goes_on_with_what_is_now",
        "faults/test_readers.py::test_pages_that_never_read_are_let_go_and_their_sessions_end",
    ),
    ("reconnect storm of three hundred", "all back with every row"): (
        "faults/test_readers.py::test_a_storm_of_three_hundred_pages_that_come_back_finds_every_run_with_every_row",
    ),
    ("disk full, or failing", "training goes on, one message, nothing answered lost"): (
        "faults/test_disk.py::test_a_full_disk_stops_no_run_is_told_once_and_is_caught_up_with_when_there_is_room",
        "faults/test_disk.py::test_a_disk_that_fails_to_write_stops_no_run_and_loses_nothing",
        "faults/test_restarts.py::test_a_lab_with_a_damaged_file_starts_says_so_and_moves_it_aside",
    ),
    ("database locked by another process", "waits or says so, nothing lost"): (
        "faults/test_disk.py::test_a_file_that_another_program_has_locked_is_said_and_caught_up_with",
    ),
    ("clock jumps an hour either way", "no session expired or stuck by it"): (
        "faults/test_clock.py::test_a_clock_that_jumps_an_hour_ends_no_session_and_holds_none_up",
    ),
    ("no file descriptors", "new ones refused with a sentence, old ones live"): (
        "faults/test_scarcity.py::test_without_descriptors_new_pages_are_refused_with_a_sentence_and_old_ones_live",
    ),
    ("no shared memory", "none is used"): ("faults/test_scarcity.py::test_the_lab_needs_no_shared_memory",),
    ("non-finite weights", "that run alone stops, with its reason; files with them are refused"): (
        "engine/test_pool.py::test_f15_a_diverged_run_says_why_and_keeps_its_last_finite_state",
        "engine/test_turns.py::test_a_member_that_diverges_stops_alone",
        "web/test_models.py::test_bad_files_are_refused_in_words_and_the_run_stays",
        "sessions/test_run_file.py::test_a_run_whose_parts_do_not_fit_is_refused_in_words",
    ),
    ("a run that eats memory", "refused at the door, or stops alone with its reason"): (
        "faults/test_workers.py::test_a_run_that_there_is_no_memory_for_stops_alone_with_its_reason",
        "sessions/test_limits.py::test_a_page_that_begins_with_too_large_a_run_is_told_which_number",
        "sessions/test_limits.py::test_a_change_beyond_the_limits_is_refused_and_the_run_stays",
        "sessions/test_limits.py::test_neither_a_model_nor_a_run_file_comes_in_past_the_limits",
        "engine/test_pool.py::test_a_run_that_breaks_fails_alone",
    ),
    ("compiler that hangs, fails, or is not there; its disk full", "training goes on, no other build is held up"): (
        "gan/test_builders.py::"
        "test_a_compiler_that_never_ends_is_ended_with_a_refusal_and_the_next_builder_has_its_turn",
        "gan/test_builders.py::"
        "test_a_builder_whose_disk_is_full_says_so_leaves_nothing_behind_and_is_not_started_again",
        "gan/test_workshop.py::test_code_that_is_not_what_was_written_is_thrown_away_before_it_runs",
        "gan/test_workshop.py::test_without_a_compiler_the_log_says_so_and_the_eager_trainer_trains",
    ),
    ("SIGTERM while several play, and a second one", "state saved, gone under 5 s; at once"): (
        "faults/test_restarts.py::"
        "test_a_lab_that_is_stopped_while_several_play_keeps_the_last_of_each_and_is_gone_in_five_seconds",
        "faults/test_restarts.py::"
        "test_a_second_signal_ends_a_lab_that_waits_for_its_disk_and_no_answered_change_is_lost",
        "faults/test_restarts.py::"
        "test_a_second_signal_while_pages_are_told_ends_a_lab_in_order_and_what_it_has_kept_is_there",
    ),
    ("messages that are too long, rubbish, unknown, deep, not numbers", "a worded failure, memory flat"): (
        "web/test_hostile.py::test_hostile_messages_are_refused_with_a_sentence_and_cost_nothing",
        "web/test_socket.py::test_a_bad_message_is_answered_and_the_connection_kept",
        "web/test_socket.py::test_another_protocol_is_told_and_let_go",
        "web/test_socket.py::test_a_long_config_is_taken_and_an_endless_message_closes_the_socket",
    ),
    ("upload of a gigabyte, zip bomb, PNG bomb, path names in files", "refused before it is read or unpacked"): (
        "faults/test_uploads.py::test_a_gigabyte_is_refused_before_a_byte_of_it_is_read",
        "faults/test_uploads.py::test_bombs_and_paths_in_files_are_refused_in_words_and_not_unpacked",
        "web/test_hostile.py::test_hostile_files_are_refused_with_a_sentence_and_cost_nothing",
    ),
    ("wrong Origin, wrong Host, no token", "403, 421, 401; on the socket too"): (
        "web/test_guards.py::test_a_socket_from_another_page_is_refused",
        "web/test_guards.py::test_another_page_can_change_nothing_by_a_request",
        "web/test_guards.py::test_every_other_name_is_misdirected",
        "web/test_guards.py::test_a_socket_under_another_name_is_refused_too",
        "web/test_gate.py::test_no_route_but_the_two_for_machines_answers_a_stranger",
        "web/test_gate.py::test_the_socket_is_refused_with_401_and_opens_with_the_token",
    ),
    ("two tabs of one user", "one truth, the second tab follows"): (
        "web/test_socket.py::test_two_tabs_follow_one_run",
    ),
    ("the same command twice", "applied once, after a lost connection too"): (
        "web/test_socket.py::test_a_repeated_command_is_applied_once",
        "web/test_socket.py::test_a_command_repeated_after_a_lost_connection_is_applied_once",
    ),
}


@pytest.mark.parametrize(("row", "tests"), MATRIX.items(), ids=[what for what, _ in MATRIX])
def test_every_fault_has_its_tests(row: tuple[str, str], tests: tuple[str, ...]) -> None:
    assert tests
    for place, _, name in (test.partition("::") for test in tests):
        assert re.search(rf"^(async )?def {name}\(", (ROOT / "tests" / place).read_text(), re.MULTILINE), name
