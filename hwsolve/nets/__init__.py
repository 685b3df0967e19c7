"""Networks: the layer table, graphs of layers and their counts; nets and cells as equations."""
