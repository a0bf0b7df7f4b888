/* A bare epoll client for benches: the least that loading a server over kept connections can cost.
 *
 * Usage: client PORT CONNECTIONS SECONDS [RATE]
 *
 * Without RATE a closed loop: each response is followed by the next request on its connection. With RATE an even schedule: it
 * sleeps in epoll_pwait2 until the next request is due or a response comes, with 1 ns of timer slack, and sends late rather than spin.
 * Prints one line: requests answered, seconds, median and p99 latency in µs from the intended time, or from the send without RATE.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* Latencies by whole µs; what takes longer is in the last one. */
static uint64_t latencies[1 << 20];
static uint64_t answered;
static uint64_t sent_at[1 << 16];
static int idle[1 << 16], idle_count;
static const char *request = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
static size_t length;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void start(int server, uint64_t from) {
    sent_at[server] = from;
    if (send(server, request, length, MSG_NOSIGNAL) != (ssize_t)length)
        fail("send");
}

/* Whether a response came; the bench's servers answer in one piece. */
static int finish(int server, uint64_t *clock) {
    char buffer[4096];
    ssize_t count = recv(server, buffer, sizeof buffer, 0);
    if (count < 0 && errno == EAGAIN)
        return 0;
    if (count <= 0)
        fail("recv");
    *clock = now();
    uint64_t latency = (*clock - sent_at[server]) / 1000, last = sizeof latencies / sizeof *latencies - 1;
    latencies[latency < last ? latency : last]++;
    answered++;
    return 1;
}

static uint64_t percentile(double share) {
    uint64_t wanted = (uint64_t)(share * (double)answered), seen = 0, value = 0;
    while (value < sizeof latencies / sizeof *latencies - 1 && (seen += latencies[value]) < wanted)
        value++;
    return value;
}

int main(int argc, char **argv) {
    if (argc < 4) {
        fprintf(stderr, "usage: client PORT CONNECTIONS SECONDS [RATE]\n");
        return 2;
    }
    int connections = atoi(argv[2]), on = 1, poll = epoll_create1(EPOLL_CLOEXEC);
    double gap = argc > 4 ? 1e9 / atof(argv[4]) : 0;
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)atoi(argv[1])),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct epoll_event events[256];
    length = strlen(request);
    prctl(PR_SET_TIMERSLACK, 1);
    for (int i = 0; i < connections; i++) {
        int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.fd = server};
        if (connect(server, (struct sockaddr *)&address, sizeof address) < 0)
            fail("connect");
        setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        epoll_ctl(poll, EPOLL_CTL_ADD, server, &event);
        idle[idle_count++] = server;
    }
    uint64_t begin = now(), end = begin + (uint64_t)(atof(argv[3]) * 1e9), clock = begin, sent = 0;
    while (!gap && idle_count)
        start(idle[--idle_count], clock);
    while (clock < end) {
        uint64_t due = gap ? begin + (uint64_t)((double)sent * gap) : end;
        while (gap && due <= clock && idle_count) {
            start(idle[--idle_count], due);
            due = begin + (uint64_t)((double)++sent * gap);
        }
        uint64_t until = due < end && idle_count ? due : end;
        uint64_t wait = until > clock ? until - clock : 0;
        struct timespec timeout = {(time_t)(wait / 1000000000u), (long)(wait % 1000000000u)};
        int count = epoll_pwait2(poll, events, 256, &timeout, NULL);
        for (int i = 0; i < count; i++) {
            if (!finish(events[i].data.fd, &clock))
                continue;
            if (gap)
                idle[idle_count++] = events[i].data.fd;
            else
                start(events[i].data.fd, clock);
        }
        clock = now();
    }
    printf("%llu %.3f %llu %llu\n", (unsigned long long)answered, (double)(clock - begin) / 1e9,
           (unsigned long long)percentile(0.5), (unsigned long long)percentile(0.99));
    return 0;
}
