// A program that answers on every port somebody might open, so that silence is the firewall's.

/** SSH, web, GroundSeg's pages, ships' pages, loopback lens, Docker's API, netdata; Ames, DNS, HTTP/3. */
export const TCP = [22, 80, 443, 2375, 3000, 8000, 8080, 8081, 8082, 9090, 12321, 19999];
export const UDP = [53, 443, 5353, 34343, 34344, 34345, 34346, 34543, 34544];

/** In Python; writes /run/listening when it does. A port that somebody has is left to them. */
export const listener = (addresses: string[], tcp = TCP, udp = UDP): string => `import socket, threading
def answer(s):
    while True:
        data, who = s.recvfrom(64)
        s.sendto(data, who)
def accept(s):
    while True:
        s.accept()[0].close()
for address in ${JSON.stringify(addresses)}:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    for kind, ports, serve in ((socket.SOCK_STREAM, ${JSON.stringify(tcp)}, accept), (socket.SOCK_DGRAM, ${JSON.stringify(udp)}, answer)):
        for port in ports:
            s = socket.socket(family, kind)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind((address, port))
            except OSError:
                continue
            if kind == socket.SOCK_STREAM: s.listen()
            threading.Thread(target=serve, args=(s,), daemon=True).start()
open("/run/listening", "w").close()
threading.Event().wait()
`;
