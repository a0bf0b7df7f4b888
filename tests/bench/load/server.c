/* A bare epoll server for benches: answers each request that ends in an empty line with a fixed response on a kept connection.
 *
 * Usage: server PORT [LOG]      ends on SIGTERM
 *
 * With LOG it writes two numbers a request, in CLOCK_MONOTONIC ns as binary 64-bit integers: when the request was read, and
 * when its response had been written. One thread, one write a response, requests of at most one buffer.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static const char RESPONSE[] =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 11\r\n\r\nHello World";
static volatile sig_atomic_t stopped;
static uint64_t times[1 << 16];
static size_t noted;

static void stop(int signal) {
    (void)signal;
    stopped = 1;
}

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void flush(FILE *log) {
    if (log)
        fwrite(times, sizeof *times, noted, log);
    noted = 0;
}

static void note(FILE *log, uint64_t arrival) {
    if (!log)
        return;
    times[noted++] = arrival;
    times[noted++] = now();
    if (noted == sizeof times / sizeof *times)
        flush(log);
}

static void accept_all(int listener, int poll) {
    int client, on = 1;
    while ((client = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct epoll_event event = {.events = EPOLLIN, .data.fd = client};
        setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (epoll_ctl(poll, EPOLL_CTL_ADD, client, &event) < 0)
            fail("epoll_ctl");
    }
}

static void serve(int client, FILE *log) {
    char buffer[4096];
    ssize_t count = recv(client, buffer, sizeof buffer, 0);
    if (count <= 0) {
        if (count == 0 || errno != EAGAIN)
            close(client);
        return;
    }
    uint64_t arrival = log ? now() : 0;
    if (count < 4 || memcmp(buffer + count - 4, "\r\n\r\n", 4) != 0)
        return;
    if (send(client, RESPONSE, sizeof RESPONSE - 1, MSG_NOSIGNAL) < 0)
        close(client);
    note(log, arrival);
}

int main(int argc, char **argv) {
    if (argc < 2) {
        fprintf(stderr, "usage: server PORT [LOG]\n");
        return 2;
    }
    FILE *log = argc > 2 ? fopen(argv[2], "wb") : NULL;
    if (argc > 2 && !log)
        fail(argv[2]);
    struct sigaction action = {.sa_handler = stop};
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)atoi(argv[1])),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int on = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, 1024) < 0)
        fail("listen");
    int poll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event events[256], event = {.events = EPOLLIN, .data.fd = listener};
    epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
    while (!stopped) {
        int count = epoll_wait(poll, events, 256, -1);
        for (int i = 0; i < count; i++) {
            if (events[i].data.fd == listener)
                accept_all(listener, poll);
            else
                serve(events[i].data.fd, log);
        }
    }
    flush(log);
    if (log)
        fclose(log);
    return 0;
}
