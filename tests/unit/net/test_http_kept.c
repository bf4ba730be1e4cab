/* Connections that carry more than one plain exchange. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "fetch.h"
#include "http_kept.h"
#include "peer.h"

static struct scene scene_keeping(peer_script *script, const void *argument) {
    struct scene scene = scene_open(script, argument, "http://x.test/");
    scene.request.reuse = true;
    return scene;
}

static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes";

static void test_connection_is_used_again_only_where_asked(void **state) {
    (void)state;
    for (int reuse = 0; reuse < 2; reuse++) {
        struct scene scene = scene_keeping(peer_answer_each, ok);
        scene.request.reuse = reuse;
        for (int i = 0; i < 3; i++) {
            struct fetched fetched = scene_fetch(&scene);
            assert_int_equal(fetched.result.failure, HTTP_OK);
            assert_int_equal(fetched.result.reused, reuse && i > 0);
            assert_true(fetched.result.connect_us >= 0);
        }
        assert_int_equal(peer_accepted(scene.peer), reuse ? 1 : 3);
        scene_close(&scene);
    }
}

static void assert_each_has_its_own(peer_script *script) {
    struct scene scene = scene_keeping(script, ok);
    for (unsigned i = 1; i <= 3; i++) {
        struct fetched fetched = scene_fetch(&scene);
        assert_int_equal(fetched.result.failure, HTTP_OK);
        assert_int_equal(fetched.result.status, 200);
        assert_false(fetched.result.reused);
        assert_true(fetched.result.connect_us >= 0);
        assert_int_equal(peer_accepted(scene.peer), i);
    }
    scene_close(&scene);
}

/* The kept connection was closed by the peer in between: no failure of the target. */
static void test_kept_connection_that_is_closed_is_replaced(void **state) {
    (void)state;
    assert_each_has_its_own(peer_answer);
}

static void test_same_name_at_two_addresses_is_two_connections(void **state) {
    (void)state;
    struct loop *loop = run_loop_new();
    struct http_client *client = http_client_new(loop);
    struct peer *peers[2];
    for (size_t i = 0; i < 2; i++)
        peers[i] = peer_start(NULL, peer_answer_each, ok);
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < 2; i++) {
            struct http_request request =
                fetch_request("http://x.test/", peer_addr(peers[i]));
            request.reuse = true;
            assert_int_equal(fetch_with(loop, client, &request).result.failure, HTTP_OK);
        }
    }
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(peer_accepted(peers[i]), 1);
    http_client_free(client); /* ends the connections that the peers wait on */
    loop_free(loop);
    for (size_t i = 0; i < 2; i++)
        peer_stop(peers[i]);
}

/* As a server whose idle timeout meets the next request: it closes without a word. */
static void answer_one_of_two(struct peer *peer, int fd, const void *argument) {
    peer_answer(peer, fd, argument);
    peer_read_request(fd, NULL, 0);
}

static void test_request_lost_on_a_kept_connection_is_sent_again(void **state) {
    (void)state;
    assert_each_has_its_own(answer_one_of_two);
}

/* The first connection answers; all that follow close in silence. */
static void answer_the_first(struct peer *peer, int fd, const void *argument) {
    if (peer_accepted(peer) == 1)
        peer_answer(peer, fd, argument);
    peer_read_request(fd, NULL, 0);
}

static void test_second_loss_is_a_failure(void **state) {
    (void)state;
    struct scene scene = scene_keeping(answer_the_first, ok);
    assert_int_equal(scene_fetch(&scene).result.failure, HTTP_OK);
    struct fetched fetched = scene_fetch(&scene);
    assert_int_equal(fetched.result.failure, HTTP_CLOSED);
    assert_false(fetched.result.got_bytes);
    assert_int_equal(peer_accepted(scene.peer), 2);
    scene_close(&scene);
}

/* Nobody listens any more when the kept connection turns out to be closed. */
static void test_target_gone_with_its_connection_is_refused(void **state) {
    (void)state;
    struct scene scene = scene_keeping(peer_answer_each, ok);
    struct addr addr = *peer_addr(scene.peer);
    scene.request.connect = &addr;
    assert_int_equal(scene_fetch(&scene).result.failure, HTTP_OK);
    peer_stop(scene.peer);
    assert_int_equal(scene_fetch(&scene).result.failure, HTTP_CONNECT_REFUSED);
    http_client_free(scene.client);
    loop_free(scene.loop);
}

/* What came after the answer is nobody's: the next answer must not begin with it. */
static void test_connection_with_bytes_left_is_not_kept(void **state) {
    (void)state;
    static const char *const answers[] = {
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyesHTTP/1.1 500 No\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: Close\r\n\r\nyes",
        "HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nyes",
    };
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        struct scene scene = scene_keeping(peer_answer_and_hang, answers[i]);
        for (unsigned round = 1; round <= 2; round++) {
            struct fetched fetched = scene_fetch(&scene);
            assert_int_equal(fetched.result.status, 200);
            assert_int_equal(peer_accepted(scene.peer), round);
        }
        scene_close(&scene);
    }
}

/* Answers, then speaks unasked. */
static void answer_and_babble(struct peer *peer, int fd, const void *argument) {
    peer_answer(peer, fd, argument);
    usleep(10 * 1000);
    peer_write(fd, "HTTP/1.1 408 Request Timeout\r\n\r\n");
    peer_hang(peer, fd);
}

static void test_kept_connection_that_speaks_is_dropped(void **state) {
    (void)state;
    struct scene scene = scene_keeping(answer_and_babble, ok);
    for (unsigned round = 1; round <= 2; round++) {
        assert_int_equal(scene_fetch(&scene).result.status, 200);
        assert_int_equal(peer_accepted(scene.peer), round);
        run_for(scene.loop, 100); /* ends early where no connection is left */
    }
    scene_close(&scene);
}

static void test_cancelled_exchange_leaves_no_connection(void **state) {
    (void)state;
    struct scene scene = scene_keeping(peer_answer_each, ok);
    struct fetched gone = {.loop = NULL};
    assert_int_equal(scene_fetch(&scene).result.failure, HTTP_OK);
    http_transfer_cancel(
        http_client_start(scene.client, &scene.request, fetch_on_result, &gone));
    struct fetched fetched = scene_fetch(&scene);
    assert_int_equal(fetched.result.failure, HTTP_OK);
    assert_false(fetched.result.reused);
    assert_int_equal(peer_accepted(scene.peer), 2);
    assert_int_equal(gone.calls, 0);
    scene_close(&scene);
}

static void on_never(void *user, int events) {
    (void)user;
    (void)events;
    fail();
}

/* `proved`: its texts are copied. */
static int keep_one(struct http_kept *kept, struct loop *loop, const char *where,
                    const struct http_peer *proved) {
    struct http_peer peer = *proved;
    peer.host = mem_copy_text(proved->host);
    peer.ca_file = mem_copy_text(proved->ca_file);
    assert_true(addr_parse_listen(where, &peer.addr, NULL));
    int fds[2];
    assert_int_equal(
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    struct http_connection connection = {.poll =
                                             loop_poll_new(loop, fds[0], on_never, NULL)};
    loop_poll_set(connection.poll, LOOP_READABLE);
    http_kept_put(kept, &peer, &connection);
    assert_null(connection.poll);
    return fds[0];
}

static void test_kept_beyond_the_most_lets_the_oldest_go(void **state) {
    (void)state;
    struct loop *loop = run_loop_new();
    struct http_kept *kept = http_kept_new(loop, 2);
    struct http_peer one = {0};
    struct http_peer two = {0};
    assert_true(addr_parse_listen("127.0.0.1:1", &one.addr, NULL));
    assert_true(addr_parse_listen("127.0.0.1:2", &two.addr, NULL));
    const struct http_peer plain = {0};
    int oldest = keep_one(kept, loop, "127.0.0.1:1", &plain);
    int older = keep_one(kept, loop, "127.0.0.1:1", &plain);
    int newest = keep_one(kept, loop, "127.0.0.1:1", &plain);
    assert_int_equal(fcntl(oldest, F_GETFD), -1);

    assert_null(http_kept_take(kept, &two).poll);
    struct http_connection connection = http_kept_take(kept, &one);
    assert_non_null(connection.poll);
    assert_int_equal(loop_poll_fd(connection.poll), newest);
    http_connection_close(&connection);
    http_kept_free(kept);
    assert_int_equal(fcntl(older, F_GETFD), -1);
    loop_free(loop);
}

/* What a connection has proved counts only for who asks for that proof. */
static void test_kept_is_for_the_same_proof_only(void **state) {
    (void)state;
    static char host[] = "a.test";
    static char other_host[] = "b.test";
    static char file[] = "/ca";
    static char other_file[] = "/other";
    struct loop *loop = run_loop_new();
    struct http_kept *kept = http_kept_new(loop, 9);
    const struct http_peer proved = {.host = host, .ca_file = file};
    const struct http_peer others[] = {
        {.host = NULL},
        {.host = other_host, .ca_file = file},
        {.host = host, .ca_file = other_file},
        {.host = host, .ca_file = NULL},
        {.host = host, .ca_file = file, .takes_any = true},
    };
    int fd = keep_one(kept, loop, "127.0.0.1:1", &proved);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct http_peer other = others[i];
        assert_true(addr_parse_listen("127.0.0.1:1", &other.addr, NULL));
        assert_null(http_kept_take(kept, &other).poll);
    }
    struct http_peer same = proved;
    assert_true(addr_parse_listen("127.0.0.1:1", &same.addr, NULL));
    struct http_connection connection = http_kept_take(kept, &same);
    assert_non_null(connection.poll);
    assert_int_equal(loop_poll_fd(connection.poll), fd);
    http_connection_close(&connection);
    http_kept_free(kept);
    loop_free(loop);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_connection_is_used_again_only_where_asked),
        cmocka_unit_test(test_kept_connection_that_is_closed_is_replaced),
        cmocka_unit_test(test_same_name_at_two_addresses_is_two_connections),
        cmocka_unit_test(test_request_lost_on_a_kept_connection_is_sent_again),
        cmocka_unit_test(test_second_loss_is_a_failure),
        cmocka_unit_test(test_target_gone_with_its_connection_is_refused),
        cmocka_unit_test(test_connection_with_bytes_left_is_not_kept),
        cmocka_unit_test(test_kept_connection_that_speaks_is_dropped),
        cmocka_unit_test(test_cancelled_exchange_leaves_no_connection),
        cmocka_unit_test(test_kept_beyond_the_most_lets_the_oldest_go),
        cmocka_unit_test(test_kept_is_for_the_same_proof_only),
    };
    return cmocka_run_group_tests_name("http_kept", tests, NULL, NULL);
}
