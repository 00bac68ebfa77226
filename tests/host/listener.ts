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

/** Prints what answered within its time: the source address and the ports come as arguments. */
export const PROBE = `import socket, sys
from concurrent.futures import ThreadPoolExecutor
source, target, tcp, udp = sys.argv[1], sys.argv[2], *[[int(p) for p in a.split(",") if p] for a in sys.argv[3:5]]
family = socket.AF_INET6 if ":" in source else socket.AF_INET
def ask(what):
    kind, port = what
    s = socket.socket(family, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM)
    s.settimeout(4)
    try:
        s.bind((source, 0))
        s.connect((target, port))
        if kind == "udp":
            s.send(b"x")
            s.recv(64)
        return "%s/%d" % what
    except OSError:
        return None
asked = [("tcp", p) for p in tcp] + [("udp", p) for p in udp]
with ThreadPoolExecutor(len(asked)) as pool:
    print(" ".join(a for a in pool.map(ask, asked) if a))
`;
